import Graphs
import Tensors
import Testing

/// How models are joined, and what is said where they do not fit.
@Suite struct GraphChainTests {
    /// A model that makes each output out of the sum of its inputs.
    private static func model(
        _ source: String, _ inputs: [(String, [Dimension])], _ outputs: [String], wires: [String: String] = [:],
        dtype: DType = .float32
    ) -> GraphChain.Part {
        var graph = Graph(name: source)
        let values = inputs.map { graph.addInput(named: $0.0, dtype: dtype, dimensions: $0.1) }
        var sum = values[0]
        for (index, value) in values.dropFirst().enumerated() {
            sum = graph.addNode(named: "sum\(index)", .binary(Binary(.add)), [sum, value])
        }
        for output in outputs { graph.outputs.append(graph.addNode(named: output, .unary(Unary(.relu)), [sum])) }
        return GraphChain.Part(graph: graph, source: source, wires: wires)
    }

    private static let row: [Dimension] = [.symbol("batch"), .fixed(3)]

    private static func error(_ parts: [GraphChain.Part]) -> String? {
        do {
            _ = try GraphChain(parts) { name, known in known.contains(name + "s") ? "; did you mean '\(name)s'?" : "" }
            return nil
        } catch {
            return error.description
        }
    }

    @Test func wiredByName() throws {
        let chain = try GraphChain([
            Self.model("a/encoder.onnx", [("image", Self.row)], ["features", "known"]),
            Self.model("a/predictor.onnx", [("features", Self.row), ("mask", Self.row)], ["scores"]),
            Self.model(
                "b/decoder.onnx", [("x", Self.row), ("mask", Self.row), ("known", Self.row)], ["picture"],
                wires: ["x": "scores"]),
        ])
        let graph = chain.graph
        #expect(graph.inputs.map { graph.name(of: $0.value) } == ["image", "mask"])
        #expect(graph.outputs.map(graph.name(of:)) == ["picture"])
        #expect(
            chain.wires == [
                .init(from: 0, output: "features", to: 1, input: "features"),
                .init(from: 1, output: "scores", to: 2, input: "x"),
                .init(from: 0, output: "known", to: 2, input: "known"),
            ])
        #expect(chain.unused.isEmpty && chain.takenBeforeMade.isEmpty)
        // The one feeds both that take it; nodes of one name have been told apart.
        #expect(graph.consumers()[graph.inputs[1].value.index].count == 2)
        #expect(
            graph.nodes.map(\.name) == [
                "features", "known", "sum0", "scores", "decoder/sum0", "sum1", "picture",
            ])
        try GraphValidator.check(graph)
    }

    @Test func sameFileTwice() throws {
        let step = Self.model("step.onnx", [("x", Self.row)], ["y"])
        let next = GraphChain.Part(graph: step.graph, source: step.source, wires: ["x": "y"])
        let chain = try GraphChain([step, next, next], extraOutputs: ["step-2/y", "x", "nothing"])
        let graph = chain.graph
        #expect(chain.labels == ["step", "step-2", "step-3"])
        #expect(graph.outputs.map(graph.name(of:)) == ["y", "step-2/y", "x"])
        #expect(graph.outputs[2] == graph.inputs[0].value)
        #expect(chain.wires.map(\.from) == [0, 1])
        let first = GraphChain.Part(graph: step.graph, source: step.source, wires: ["x": "step/y"])
        let skipping = try GraphChain([step, next, first])
        #expect(skipping.wires.map(\.from) == [0, 0])
        #expect(skipping.unused.map(\.name) == ["y"] && skipping.unused.map(\.part) == [1])
    }

    @Test func symbolsAndNumbersOfOneInput() throws {
        let chain = try GraphChain([
            Self.model("a.onnx", [("x", [.symbol("n"), .symbol("m")])], ["y"]),
            Self.model("b.onnx", [("x", [.symbol("k"), .fixed(3)])], ["z"]),
        ])
        #expect(chain.graph.inputs.map(\.dimensions) == [[.symbol("n"), .fixed(3)]])
        #expect(
            Self.error([
                Self.model("a.onnx", [("x", [.symbol("n"), .fixed(4)])], ["y"]),
                Self.model("b.onnx", [("x", Self.row)], ["z"]),
            ]) == "input 'x' feeds two models that do not agree on it: a.onnx takes float32 nx4, b.onnx takes float32 "
                + "batchx3")
    }

    @Test func wiresThatLeadNowhere() {
        let encoder = Self.model("e.onnx", [("image", Self.row)], ["features"])
        #expect(
            Self.error([encoder, Self.model("p.onnx", [("x", Self.row)], ["y"], wires: ["x": "feature"])])
                == "input 'x' of p.onnx is wired to 'feature', which no model before it makes; did you mean 'features'? "
                + "(there are features, image)")
        #expect(
            Self.error([encoder, Self.model("p.onnx", [("xs", Self.row)], ["y"], wires: ["x": "features"])])
                == "p.onnx has no input 'x' to wire; did you mean 'xs'? (it has xs)")
        #expect(
            Self.error([Self.model("p.onnx", [("x", Self.row)], ["y"], wires: ["x": "features"]), encoder])
                == "input 'x' of p.onnx is wired to 'features', which e.onnx makes: models run in the order given; put it "
                + "before")
        #expect(
            Self.error([encoder, Self.model("p.onnx", [("x", Self.row)], ["y"], wires: ["x": "y"])])
                == "input 'x' of p.onnx is wired to 'y', which p.onnx makes: a model cannot feed itself")
    }

    @Test func wrongOrder() throws {
        let chain = try GraphChain([
            Self.model("p.onnx", [("features", Self.row)], ["scores"]),
            Self.model("e.onnx", [("image", Self.row)], ["features"]),
        ])
        #expect(chain.takenBeforeMade.map(\.name) == ["features"])
        #expect(chain.takenBeforeMade.map(\.maker) == [1])
        #expect(chain.unused.map(\.name) == ["scores"])
    }

    @Test func tensorsThatDoNotFit() throws {
        let encoder = Self.model("e.onnx", [("image", Self.row)], ["features"])
        func error(_ next: GraphChain.Part) throws -> String? {
            let chain = try GraphChain([encoder, next])
            do {
                try chain.checkFit(inputTypes: [TensorType(.float32, [2, 3])], evaluate: Small.evaluate)
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(try error(Self.model("p.onnx", [("features", [.symbol("n"), .symbol("m")])], ["y"])) == nil)
        #expect(
            try error(Self.model("p.onnx", [("features", [.symbol("n"), .fixed(4)])], ["y"]))
                == "the tensor 'features' that e.onnx makes is float32 2x3, and p.onnx takes float32 nx4 as its input "
                + "'features'")
        #expect(
            try error(Self.model("p.onnx", [("f", Self.row)], ["y"], wires: ["f": "features"], dtype: .int64))
                == "the tensor 'features' that e.onnx makes is float32 2x3, and p.onnx takes int64 batchx3 as its input 'f'"
        )
        #expect(
            try error(Self.model("p.onnx", [("features", [.fixed(2)])], ["y"]))?.contains("takes float32 2 as") == true)
        // What goes wrong inside a model is said with its file.
        let wide = GraphChain.Part(
            graph: Self.model("w.onnx", [("features", Self.row), ("wide", [.symbol("n"), .fixed(5)])], ["y"]).graph,
            source: "w.onnx")
        let chain = try GraphChain([encoder, wide])
        #expect(throws: (any Error).self) {
            try chain.checkFit(
                inputTypes: [TensorType(.float32, [2, 3]), TensorType(.float32, [2, 5])], evaluate: Small.evaluate)
        }
    }
}
