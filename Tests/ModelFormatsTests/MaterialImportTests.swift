import FoundationEssentials
import Graphs
import ModelFormats
import Tensors
import Testing

struct NoKernels: Error {}

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
        for (output, file) in zip(model.graph.outputs, test.facts.outputs ?? []) {
            let shape = try Material.shape(ofArray: "\(Material.folder)/\(test.set)/\(test.name)/\(file.file)")
            #expect(bound.type(of: output)?.shape.dimensions == shape, "\(file.name)")
        }
    }

    @Test("refuses broken models", .enabled(if: Material.isThere("bad"), Material.absent), arguments: Material.cases("bad"))
    func bad(_ test: Material.Case) throws {
        let message: String
        do {
            let model = try ONNXImporter.load(path: test.model)
            let unsupported = model.graph.unsupportedOperators()
            if unsupported.isEmpty {
                let symbols = model.graph.inputs.flatMap(\.dimensions).reduce(into: [String: Int]()) { symbols, dimension in
                    if case .symbol(let symbol) = dimension { symbols[symbol] = 2 }
                }
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
        var missing: [String: Int] = [:]
        var refused: [String: String] = [:]
        var complete = 0
        let cases = Material.cases("node", "simple", "pytorch-converted", "pytorch-operator")
        for test in cases {
            do {
                let model = try ONNXImporter.load(path: test.model)
                let unsupported = model.graph.unsupportedOperators()
                for (name, _) in unsupported { missing[name, default: 0] += 1 }
                if unsupported.isEmpty { complete += 1 }
            } catch {
                refused["\(test)"] = "\(error)"
            }
        }
        print("complete \(complete) of \(cases.count)")
        for (name, count) in missing.sorted(by: { $0.value > $1.value }) { print("missing \(count) \(name)") }
        for (name, reason) in refused.sorted(by: { $0.key < $1.key }) { print("refused \(name): \(reason)") }
        // Inputs and outputs that are no tensors of numbers.
        #expect(refused.values.allSatisfy { $0.contains("is no tensor") || $0.contains("which mpinfer lacks") })
        #expect(complete >= 1200)
    }
}
