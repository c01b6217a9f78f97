internal import Graphs
internal import Kernels
internal import Planning
internal import Tensors

/// A graph of one node, compiled and ready to run, with which a processor is measured.
struct ProbeProgram {
    private let program: StageProgram
    private let operands: [Tensor]
    private let output: Tensor

    /// - Parameter build: adds inputs and a node to the graph, and returns the node's result.
    init(pool: WorkerPool, _ build: (inout Graph) -> ValueID) throws {
        var graph = Graph(name: "probe")
        graph.outputs = [build(&graph)]
        let types = try graph.inputTypes(symbols: [:])
        let bound = try BoundGraph(graph, inputTypes: types, evaluate: ConstantEvaluation.evaluator)
        program = try StageProgram(
            bound,
            part: GraphPart(
                nodes: bound.runtimeNodes, inputs: graph.inputs.map(\.value), outputs: graph.outputs),
            weights: StageWeights(graph), arena: Arena(), pool: pool)
        operands = types.map { Tensor(zeros: $0.dtype, shape: $0.shape) }
        let result = program.outputTypes[0]!
        output = Tensor(zeros: result.dtype, shape: result.shape)
        try run()
    }

    /// The product of two square matrices.
    static func product(extent: Int, pool: WorkerPool) throws -> ProbeProgram {
        try ProbeProgram(pool: pool) { graph in
            let left = graph.addInput(
                named: "left", dtype: .float32, dimensions: [.fixed(extent), .fixed(extent)])
            let right = graph.addInput(
                named: "right", dtype: .float32, dimensions: [.fixed(extent), .fixed(extent)])
            return graph.addNode(named: "product", .matrixProduct(MatrixProduct()), [left, right])
        }
    }

    /// The sum of two arrays.
    static func sum(length: Int, pool: WorkerPool) throws -> ProbeProgram {
        try ProbeProgram(pool: pool) { graph in
            let left = graph.addInput(named: "left", dtype: .float32, dimensions: [.fixed(length)])
            let right = graph.addInput(named: "right", dtype: .float32, dimensions: [.fixed(length)])
            return graph.addNode(named: "sum", .binary(Binary(.add)), [left, right])
        }
    }

    func run() throws { try program.run(inputs: operands, outputs: [output]) }

    /// The median of what it takes, in seconds.
    func seconds(rounds: Int) throws -> Double {
        var times: [Double] = []
        for _ in 0..<rounds {
            let start = StopWatch.now
            try run()
            times.append(StopWatch.now - start)
        }
        return Statistics.median(times)
    }
}
