import Graphs
import Tensors
import TestSupport
import Testing

@testable import Kernels

/// Stages in which types become known only while they run.
@Suite struct ContinuationTests {
    /// The positive elements of 2x, each plus one, their sum, and 2x itself.
    private struct Model {
        var graph = Graph(name: "positive")
        let input: ValueID

        init() {
            input = graph.addInput(named: "x", dtype: .float32, dimensions: [.symbol("rows"), .fixed(4)])
            let two = graph.addConstant(named: "two", .tensor(Tensor(scalar: Float(2))))
            let zero = graph.addConstant(named: "zero", .tensor(Tensor(scalar: Float(0))))
            let one = graph.addConstant(named: "one", .tensor(Tensor(scalar: Float(1))))
            let doubled = graph.addNode(named: "doubled", .binary(Binary(.multiply)), [input, two])
            let mask = graph.addNode(named: "mask", .comparison(Comparison(.greater)), [doubled, zero])
            let places = graph.addNode(named: "places", .nonZero(NonZero()), [mask])
            let rows = graph.addNode(
                named: "rows", .transpose(Transpose(permutation: [1, 0])), [places])
            let picked = graph.addNode(named: "picked", .gatherND(GatherND(batchAxes: 0)), [doubled, rows])
            let shape = graph.addNode(named: "shape", .shapeOf(ShapeOf()), [picked])
            let ones = graph.addNode(named: "ones", .expand(Expand()), [one, shape])
            let sum = graph.addNode(named: "sum", .binary(Binary(.add)), [picked, ones])
            graph.outputs = [sum, doubled, picked]
        }

        func bound(rows: Int) throws -> BoundGraph {
            try BoundGraph(
                graph, inputTypes: [TensorType(.float32, [rows, 4])], evaluate: ConstantEvaluation.evaluator)
        }

        func expected(_ x: [Float]) -> [String: [Float]] {
            let picked = x.map { $0 * 2 }.filter { $0 > 0 }
            return ["sum": picked.map { $0 + 1 }, "doubled": x.map { $0 * 2 }, "picked": picked]
        }
    }

    private func program(
        _ bound: BoundGraph, cacheCapacity: Int = StageProgram.standardCacheCapacity
    ) throws -> StageProgram {
        try StageProgram(
            bound,
            part: GraphPart(
                nodes: bound.runtimeNodes, inputs: bound.graph.inputs.map(\.value).sorted(),
                outputs: bound.graph.outputs.sorted()),
            weights: StageWeights(bound.graph), arena: Arena(), pool: WorkerPool(threadCount: 2),
            cacheCapacity: cacheCapacity)
    }

    private func expectRight(_ program: StageProgram, _ model: Model, _ x: [Float]) throws {
        let expected = model.expected(x)
        let buffers = program.outputTypes.map { type in type.map { Tensor(uninitialized: $0.dtype, shape: $0.shape) } }
        let results = try program.run(inputs: [Tensor(x, shape: [x.count / 4, 4])], outputs: buffers)
        for (value, result) in zip(program.part.outputs, results) {
            #expect(result.elements(of: Float.self) == expected[model.graph.name(of: value)])
        }
        for (buffer, result) in zip(buffers, results) {
            if let buffer { #expect(buffer.pointer == result.pointer, "a result lies elsewhere than it was wanted") }
        }
    }

    @Test func typesThatHangOnDataAreLeftOpen() throws {
        let model = Model()
        let bound = try model.bound(rows: 3)
        let untyped = model.graph.valueNames.indices.filter { bound.types[$0] == nil }.map {
            model.graph.valueNames[$0]
        }
        #expect(untyped == ["places", "rows", "picked", "shape", "ones", "sum"])
        #expect(try program(bound).outputTypes == [TensorType(.float32, [3, 4]), nil, nil])
    }

    @Test func resultsOfManySizesAreRightAndProgramsAreKept() throws {
        let model = Model()
        let program = try program(model.bound(rows: 25))
        var random = SplitMix(7)
        func values(positive count: Int) -> [Float] {
            (0..<100).map { Float($0 < count ? 1 : -1) * Float(random.integer(1...9)) }.shuffled(using: &random)
        }
        // Nothing, everything, and the same sizes again: a size is compiled for once.
        for count in [0, 100, 3, 3, 100, 0, 3] { try expectRight(program, model, values(positive: count)) }
        #expect(program.compilationCount == 3)
    }

    @Test func programsKeptAreBounded() throws {
        let model = Model()
        let program = try program(model.bound(rows: 30), cacheCapacity: 8)
        for round in 0..<2 {
            for count in 1...100 {
                try expectRight(program, model, (0..<120).map { $0 < count ? Float($0 + round + 1) : -1 })
                #expect(program.cachedProgramCount <= 8)
            }
        }
        #expect(program.compilationCount == 200)
    }

    /// What arrives from another rank may have a type that nobody could know.
    @Test func inputsOfUnknownTypes() throws {
        let model = Model()
        let bound = try model.bound(rows: 3)
        let nodes = bound.runtimeNodes
        let picked = try #require(model.graph.valueNames.firstIndex(of: "picked").map(ValueID.init))
        let first = try #require(nodes.firstIndex { model.graph.nodes[$0.index].name == "shape" })
        let sum = model.graph.outputs[0]
        let program = try StageProgram(
            bound, part: GraphPart(nodes: Array(nodes[first...]), inputs: [picked], outputs: [sum]),
            weights: StageWeights(model.graph), arena: Arena(), pool: WorkerPool(threadCount: 1))
        #expect(program.inputTypes == [nil])
        for count in [2, 5, 0, 2] {
            let values = (0..<count).map(Float.init)
            let results = try program.run(inputs: [Tensor(values)], outputs: [nil])
            #expect(results[0].elements(of: Float.self) == values.map { $0 + 1 })
        }
        #expect(program.compilationCount == 3)
    }
}
