import Graphs
import Tensors
import Testing

@Suite struct BatchNormalizationFoldingTests {
    /// Convolution, normalisation, and what follows.
    private func graph(bias: [Float]?, secondUse: Bool = false) -> Graph {
        var graph = Graph(name: "g")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: Small.image)
        let weights = Small.weights(&graph)
        let bias = bias.map { Small.vector(&graph, "bias", $0) }
        let product = graph.addNode(named: "conv", Small.convolution, [x, weights] + (bias.map { [$0] } ?? []))
        let parameters = [
            Small.vector(&graph, "scale", [2, 4, 6]), Small.vector(&graph, "shift", [1, 1, 1]),
            Small.vector(&graph, "mean", [1, 2, 3]), Small.vector(&graph, "variance", [3, 15, 35]),
        ]
        let normalized = graph.addNode(
            named: "norm", .batchNormalization(BatchNormalization(epsilon: 1)), [product] + parameters)
        graph.outputs = [normalized] + (secondUse ? [product] : [])
        return graph
    }

    @Test("weights are scaled at load, vectors at once") func convolution() throws {
        let before = graph(bias: [10, 20, 30])
        let (result, reports) = try Passes.standard(before, evaluate: Small.evaluate)
        #expect(reports.first { $0.name == "fold batch normalisation" }?.count == 1)
        #expect(Small.names(result) == ["Mul", "Conv"])
        #expect(result.loadTimeNodes() == [true, false])
        #expect(result.outputs == before.outputs)
        let conv = result.nodes[1]
        // factor = scale / sqrt(variance + 1) = 1, bias = (b - mean) * factor + shift
        let factor = try #require(result.nodes[0].inputs[1].flatMap { result.constants[$0]?.tensor })
        #expect(factor.shape == [3, 1, 1, 1])
        #expect(factor.elements(of: Float.self) == [1, 1, 1])
        let bias = try #require(conv.inputs[2].flatMap { result.constants[$0]?.tensor })
        #expect(bias.elements(of: Float.self) == [10, 19, 28])
        let bound = try BoundGraph(
            result, inputTypes: [TensorType(.float32, [5, 2, 4, 4])], evaluate: Small.evaluate)
        #expect(bound.type(of: result.outputs[0]) == TensorType(.float32, [5, 3, 4, 4]))
        #expect(bound.isLoadTime == [true, false])
    }

    @Test("without a bias it makes one") func noBias() throws {
        let (result, _) = try Passes.standard(graph(bias: nil), evaluate: Small.evaluate)
        let bias = try #require(result.nodes[1].inputs[2].flatMap { result.constants[$0]?.tensor })
        #expect(bias.elements(of: Float.self) == [0, -1, -2])
    }

    @Test("a product that somebody else needs stays") func secondUse() throws {
        let (result, _) = try Passes.standard(graph(bias: nil, secondUse: true), evaluate: Small.evaluate)
        #expect(Small.names(result) == ["Conv", "BatchNormalization"])
    }

    @Test("factors and terms per channel go the same way") func perChannel() throws {
        var graph = graph(bias: [10, 20, 30])
        let two = graph.addConstant(named: "two", .tensor(Tensor([Float(2), 2, 2], shape: [3, 1, 1])))
        let one = graph.addConstant(named: "one", .tensor(Tensor([Float(1), 1, 1], shape: [1, 3, 1, 1])))
        let product = graph.addNode(named: "product", .binary(Binary(.multiply)), [two, graph.outputs[0]])
        let sum = graph.addNode(named: "sum", .binary(Binary(.add)), [product, one])
        let along = graph.addConstant(named: "along", .tensor(Tensor([Float(1), 2, 3, 4])))
        graph.outputs = [graph.addNode(named: "kept", .binary(Binary(.multiply)), [sum, along])]
        let (result, _) = try Passes.standard(graph, evaluate: Small.evaluate)
        // Both products with the weights are left to the load; the vector along the last axis is no channel's.
        #expect(Small.names(result) == ["Mul", "Mul", "Conv", "Mul"])
        let bias = try #require(result.nodes[2].inputs[2].flatMap { result.constants[$0]?.tensor })
        #expect(bias.elements(of: Float.self) == [21, 39, 57])
    }

    @Test("matrix products and transposed convolutions") func others() throws {
        for transposes in [false, true] {
            var graph = Graph(name: "g")
            let x = graph.addInput(named: "x", dtype: .float32, dimensions: [.symbol("batch"), .fixed(5)])
            let region = FileRegion(path: "/nowhere", offset: 0, byteCount: 60)
            let weights = graph.addConstant(
                named: "w", .file(region, TensorType(.float32, transposes ? [3, 5] : [5, 3])))
            let product = graph.addNode(named: "fc", .gemm(Gemm(transposeB: transposes)), [x, weights])
            let ones = Small.vector(&graph, "ones", [1, 1, 1])
            graph.outputs = [
                graph.addNode(
                    named: "norm", .batchNormalization(BatchNormalization()), [product, ones, ones, ones, ones])
            ]
            let (result, _) = try Passes.standard(graph, evaluate: Small.evaluate)
            #expect(Small.names(result) == ["Mul", "Gemm"])
            let factor = result.nodes[0].inputs[1].flatMap { result.constants[$0]?.type.shape }
            #expect(factor == (transposes ? [3, 1] : [1, 3]))
        }
        var graph = Graph(name: "g")
        let x = graph.addInput(named: "x", dtype: .float32, dimensions: Small.image)
        let region = FileRegion(path: "/nowhere", offset: 0, byteCount: 96)
        let weights = graph.addConstant(named: "w", .file(region, TensorType(.float32, [2, 3, 2, 2])))
        let product = graph.addNode(
            named: "up",
            .convolutionTranspose(ConvolutionTranspose(window: SpatialWindow(rank: 2), outputPadding: [0, 0])),
            [x, weights])
        let ones = Small.vector(&graph, "ones", [1, 1, 1])
        graph.outputs = [
            graph.addNode(
                named: "norm", .batchNormalization(BatchNormalization()), [product, ones, ones, ones, ones])
        ]
        let (result, _) = try Passes.standard(graph, evaluate: Small.evaluate)
        #expect(Small.names(result) == ["Mul", "ConvTranspose"])
        #expect(result.nodes[0].inputs[1].flatMap { result.constants[$0]?.type.shape } == [1, 3, 1, 1])
    }
}
