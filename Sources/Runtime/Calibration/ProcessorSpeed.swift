internal import Graphs
public import Kernels
internal import Tensors

/// What a rank's threads can do, measured with the kernels that models are computed with.
public struct ProcessorSpeed: Sendable, Codable, Hashable {
    /// Floating-point operations a second in the product of two matrices that fit into the caches.
    public let flopsPerSecond: Double
    /// Bytes a second that are read and written when one large array is added to another.
    public let bytesPerSecond: Double

    /// Rows, columns and depth of the product.
    private static let extent = 384
    /// Elements of the arrays that are added: far more than caches hold.
    private static let length = 1 << 24
    private static let rounds = 7

    /// Takes about a fifth of a second. The median of a few rounds.
    public static func measure(pool: WorkerPool) throws -> ProcessorSpeed {
        let product = try seconds(pool: pool) { graph in
            let left = graph.addInput(
                named: "left", dtype: .float32, dimensions: [.fixed(extent), .fixed(extent)])
            let right = graph.addInput(
                named: "right", dtype: .float32, dimensions: [.fixed(extent), .fixed(extent)])
            return graph.addNode(named: "product", .matrixProduct(MatrixProduct()), [left, right])
        }
        let sum = try seconds(pool: pool) { graph in
            let left = graph.addInput(named: "left", dtype: .float32, dimensions: [.fixed(length)])
            let right = graph.addInput(named: "right", dtype: .float32, dimensions: [.fixed(length)])
            return graph.addNode(named: "sum", .binary(Binary(.add)), [left, right])
        }
        let cube = Double(extent) * Double(extent) * Double(extent)
        return ProcessorSpeed(flopsPerSecond: 2 * cube / product, bytesPerSecond: 3 * 4 * Double(length) / sum)
    }

    /// The median of what a small graph takes.
    private static func seconds(pool: WorkerPool, _ build: (inout Graph) -> ValueID) throws -> Double {
        var graph = Graph(name: "speed")
        graph.outputs = [build(&graph)]
        let types = try graph.inputTypes(symbols: [:])
        let bound = try BoundGraph(graph, inputTypes: types, evaluate: ConstantEvaluation.evaluator)
        let program = try StageProgram(
            bound,
            part: GraphPart(
                nodes: bound.runtimeNodes, inputs: graph.inputs.map(\.value), outputs: graph.outputs),
            weights: StageWeights(graph), arena: Arena(), pool: pool)
        let operands = types.map { Tensor(zeros: $0.dtype, shape: $0.shape) }
        let result = program.outputTypes[0]!
        let output = Tensor(zeros: result.dtype, shape: result.shape)
        try program.run(inputs: operands, outputs: [output])
        var times: [Double] = []
        for _ in 0..<rounds {
            let start = StopWatch.now
            try program.run(inputs: operands, outputs: [output])
            times.append(StopWatch.now - start)
        }
        return times.sorted()[rounds / 2]
    }
}
