import FoundationEssentials
import Graphs
import ModelFormats
import Tensors
import TestSupport
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
    /// Networks that take all items of their case at once, and whose shapes follow without kernels. The others of `real`
    /// take items one by one or carry state; the tests of whole runs have them.
    private static let wholeNetworks = Material.cases("quickstart", "light", "models", "real", "benchmark").filter {
        $0.set != "real" || $0.name.hasPrefix("ppocr-d")
    }

    @Test(
        "imports without an unsupported operator, and every shape follows",
        .enabled(if: Material.isThere("models"), "\(Material.absent)"),
        arguments: wholeNetworks)
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
        "refuses broken models", .enabled(if: Material.isThere("bad"), "\(Material.absent)"),
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
        .enabled(if: Material.isThere("node"), "\(Material.absent)"))
    func standard() throws {
        var refused: [String: String] = [:]
        var complete = 0
        let cases = Material.cases("node", "simple", "pytorch-converted", "pytorch-operator")
        for test in cases {
            do {
                let model = try ONNXImporter.load(path: test.model)
                if model.graph.unsupportedOperators().isEmpty { complete += 1 }
            } catch {
                refused[test.description] = "\(error)"
            }
        }
        // Inputs and outputs that are no tensors of numbers.
        #expect(refused.values.allSatisfy { $0.contains("is no tensor") || $0.contains("which mpinfer lacks") })
        #expect(complete >= 1350, "\(complete) of \(cases.count)")
    }

    @Test(
        "what is left of whole networks after the passes",
        .enabled(if: Material.isThere("models"), "\(Material.absent)"),
        arguments: wholeNetworks)
    func passes(_ test: Material.Case) throws {
        var model = try ONNXImporter.load(path: test.model)
        let (graph, reports) = try Passes.standard(model.graph, evaluate: TestEvaluator.evaluate)
        model.graph = graph
        let bound = try test.bound(model)
        let fused = FuseEpilogues.apply(graph, types: bound.types)
        var counts: [String: Int] = [:]
        let loadTime = fused.loadTimeNodes()
        for (node, isLoadTime) in zip(fused.nodes, loadTime) where !isLoadTime {
            counts[node.operation.name, default: 0] += 1
        }
        // Networks that are convolutions with what can be fused into them, and nothing else of that kind.
        let isFusedWhole = ["resnet", "mobilenet", "unet", "inception", "digits", "grouped"]
        guard isFusedWhole.contains(where: test.name.contains) else { return }
        for name in ["BatchNormalization", "Relu", "Clip", "Add", "Identity", "Dropout"] {
            #expect(counts[name] == nil, "\(test.description) still has \(counts[name] ?? 0) \(name)")
        }
        #expect(reports.first { $0.name == "fold constants" } != nil)
    }

    @Test(
        "types inferred for single nodes are those of the standard's own results",
        .enabled(if: Material.isThere("node"), "\(Material.absent)"))
    func inference() throws {
        var count = 0
        for test in Material.cases("node", "pytorch-converted", "pytorch-operator") where test.facts.skip == nil {
            guard let model = try? ONNXImporter.load(path: test.model), model.graph.unsupportedOperators().isEmpty,
                // Beyond one operator shapes depend on numbers that only kernels have.
                test.facts.operators?.count == 1,
                model.graph.parameters.isEmpty,
                // Their shapes depend on numbers by nature.
                test.facts.operators.map(Set.init)?.isDisjoint(with: [
                    "Compress", "NonMaxSuppression", "NonZero", "Unique",
                ])
                    ?? true
            else { continue }
            let folder = "\(Material.folder)/\(test.set)/\(test.name)"
            do {
                var types: [TensorType] = []
                var known: [ValueID: Tensor] = [:]
                for input in model.graph.inputs {
                    let file = try #require(
                        test.facts.inputs?.first { $0.name == model.graph.name(of: input.value) }?.file)
                    let array = try Material.array("\(folder)/\(file)")
                    types.append(array.type)
                    known[input.value] = array
                }
                let bound = try BoundGraph(
                    model.graph, inputTypes: types, knownInputs: known, evaluate: TestEvaluator.evaluate)
                for (output, file) in zip(model.graph.outputs, test.facts.outputs ?? []) {
                    let array = try Material.array("\(folder)/\(file.file)")
                    #expect(bound.type(of: output) == array.type, "\(test.description)")
                }
                count += 1
            } catch {
                Issue.record("\(test.description): \(error)")
            }
        }
        #expect(count >= 600, "\(count)")
    }
}
