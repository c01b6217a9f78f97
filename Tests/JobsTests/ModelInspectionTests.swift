import FoundationEssentials
import Testing

@testable import Jobs

@Suite struct ModelInspectionTests {
    private func inspection(_ export: String, symbols: [String: Int]) throws -> ModelInspection {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let model = tests.appending(path: "ConformanceTests/Exports/\(export)/model.onnx").path
        return try ModelInspection(PreparedModel.load(path: model), symbols: symbols)
    }

    @Test("tells what was recognised, by name and count")
    func passes() throws {
        let symbols = ["ids0": 2, "ids1": 7, "mask0": 2, "mask1": 7]
        let bert = try inspection("bert-eager-torchscript-14", symbols: symbols)
        #expect(bert.passes["recognise attention"] == 1)
        #expect(bert.passes["recognise layer norms"] == 3)
        #expect(bert.passes["recognise GELU"] == 1)
        let line = try #require(bert.text.split(separator: "\n").first { $0.hasPrefix("passes:") })
        for text in ["recognise attention 1", "recognise layer norms 3", "recognise GELU 1"] {
            #expect(line.contains(text), "\(line)")
        }
        // Shapes follow through what was put in place of many nodes.
        #expect(bert.shapesUnknown == nil)
        let layers = bert.layers.filter { $0.operator == "Attention" }
        #expect(layers.count == 1)
        #expect(layers.first?.outputs == ["float32 2x7x2x4"])
        #expect((layers.first?.flops ?? 0) > 0)
    }

    @Test("what was not found is not told")
    func absent() throws {
        let encoder = try inspection("encoder-eager-dynamo-23", symbols: [:])
        #expect(encoder.passes["recognise attention"] == 0)
        #expect(!encoder.text.contains("recognise attention"))
        #expect(encoder.layers.contains { $0.operator == "Attention" })
    }
}
