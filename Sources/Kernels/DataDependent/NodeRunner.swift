internal import Graphs
internal import Tensors

/// Computes a node on actual values and allocates its results: for nodes whose results' types depend on data.
protocol NodeRunner {
    /// - Parameter operands: nil where one is left out.
    func run(_ operands: [StageValue?], betweenNodes: () throws -> Void) throws -> [StageValue?]
}

/// Which runner a node gets.
enum NodeRunners {
    static func runner(for node: Node, bound: BoundGraph, environment: StageEnvironment) throws -> any NodeRunner {
        switch node.operation {
        case .conditional(let conditional):
            try ConditionalRunner(conditional, node, bound: bound, environment: environment)
        case .loop(let loop): try LoopRunner(loop, node, bound: bound, environment: environment)
        case .scan(let scan): try ScanRunner(scan, node, bound: bound, environment: environment)
        case .enclosure(let enclosure): try EnclosureRunner(enclosure, node, bound: bound, environment: environment)
        default: SingleNodeRunner(operation: node.operation, pool: environment.pool)
        }
    }

    /// Memory for a result whose size comes from data.
    static func tensor(_ type: TensorType, for name: String) throws -> Tensor {
        try SystemMemory.require(type.byteCount, for: "'\(name)'")
        return Tensor(uninitialized: type.dtype, shape: type.shape)
    }
}

/// A node without a body.
private struct SingleNodeRunner: NodeRunner {
    let operation: Operation
    let pool: WorkerPool

    func run(_ operands: [StageValue?], betweenNodes: () throws -> Void) throws -> [StageValue?] {
        try NodeEvaluation.evaluate(operation, operands: operands, pool: pool)
    }
}

extension Operation {
    /// Whether a node runs on actual values even where all types are known before the run.
    var seesData: Bool { hasBodies }
}
