import FoundationEssentials
import Graphs
import ModelFormats
import Tensors
import Testing

extension Material.Case {
    /// The model bound to the shapes of the case's inputs; shape arithmetic that only kernels can do is an error.
    func bound(_ model: ImportedModel) throws -> BoundGraph {
        let types = try model.graph.inputs.map { input in
            let name = model.graph.name(of: input.value)
            let file = try #require(facts.inputs?.first { $0.name == name }, "no array for input \(name)")
            return TensorType(
                input.dtype, Shape(try Material.shape(ofArray: "\(Material.folder)/\(set)/\(self.name)/\(file.file)")))
        }
        return try BoundGraph(model.graph, inputTypes: types, evaluate: TestEvaluator.evaluate)
    }
}

@Suite struct MaterialImportTests {
    @Test(
        "imports without an unsupported operator, and every shape follows",
        .enabled(if: Material.isThere("models"), Material.absent),
        arguments: Material.cases("quickstart", "light", "models", "real", "benchmark"))
    func whole(_ test: Material.Case) throws {
        let model = try ONNXImporter.load(path: test.model)
        #expect(model.opset == test.facts.opset)
        #expect(model.graph.unsupportedOperators().isEmpty)
        #expect(model.fingerprint == (try ONNXImporter.load(path: test.model)).fingerprint)
        let bound = try test.bound(model)
        var rewritten = model
        (rewritten.graph, _) = try Passes.standard(model.graph, evaluate: TestEvaluator.evaluate)
        let boundAgain = try test.bound(rewritten)
        #expect(rewritten.graph.outputs.map(boundAgain.type) == model.graph.outputs.map(bound.type))
        let fused = FuseEpilogues.apply(rewritten.graph, types: boundAgain.types)
        try GraphValidator.check(fused)
        for (output, file) in zip(model.graph.outputs, test.facts.outputs ?? []) {
            let shape = try Material.shape(ofArray: "\(Material.folder)/\(test.set)/\(test.name)/\(file.file)")
            #expect(bound.type(of: output)?.shape.dimensions == shape, "\(file.name)")
        }
    }

    @Test(
        "refuses broken models", .enabled(if: Material.isThere("bad"), Material.absent),
        arguments: Material.cases("bad"))
    func bad(_ test: Material.Case) throws {
        let message: String
        do {
            let model = try ONNXImporter.load(path: test.model)
            let unsupported = model.graph.unsupportedOperators()
            if unsupported.isEmpty {
                var symbols: [String: Int] = [:]
                for case .symbol(let symbol) in model.graph.inputs.flatMap(\.dimensions) { symbols[symbol] = 2 }
                _ = try BoundGraph(
                    model.graph, inputTypes: model.graph.inputTypes(symbols: symbols), evaluate: TestEvaluator.evaluate)
                Issue.record("\(test.name) was accepted")
                return
            }
            message = unsupported.map(\.name).joined(separator: ", ")
        } catch {
            message = "\(error)"
        }
        for part in test.facts.contains ?? [] {
            #expect(message.lowercased().contains(part.lowercased()), "'\(message)' must contain '\(part)'")
        }
    }

    @Test(
        "takes every model of the standard's own suite, computable or not",
        .enabled(if: Material.isThere("node"), Material.absent))
    func standard() throws {
        var refused: [String: String] = [:]
        var complete = 0
        let cases = Material.cases("node", "simple", "pytorch-converted", "pytorch-operator")
        for test in cases {
            do {
                let model = try ONNXImporter.load(path: test.model)
                if model.graph.unsupportedOperators().isEmpty { complete += 1 }
            } catch {
                refused[test.testDescription] = "\(error)"
            }
        }
        // Inputs and outputs that are no tensors of numbers.
        #expect(refused.values.allSatisfy { $0.contains("is no tensor") || $0.contains("which mpinfer lacks") })
        #expect(complete >= 1350, "\(complete) of \(cases.count)")
    }
}
