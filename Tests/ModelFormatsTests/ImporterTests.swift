import FoundationEssentials
import Graphs
import SwiftProtobuf
import Tensors
import Testing

@testable import ModelFormats

@Suite struct ImporterTests {
    private func load(_ model: Onnx_ModelProto, payloadLimit: Int = 64) throws -> ImportedModel {
        let folder = try TemporaryFolder()
        return try ONNXImporter.load(path: try folder.write(model), payloadLimit: payloadLimit)
    }

    private func message(_ model: Onnx_ModelProto) -> String {
        do {
            _ = try load(model)
            return ""
        } catch {
            return "\(error)"
        }
    }

    private func single(
        _ node: Onnx_NodeProto, initializers: [Onnx_TensorProto] = [], inputs: [Onnx_ValueInfoProto]? = nil,
        opset: Int64 = 17
    ) -> Onnx_ModelProto {
        TinyModel.model(
            [node], initializers: initializers, inputs: inputs ?? [TinyModel.value("x", [nil, 3, 4, 4])],
            outputs: [TinyModel.value(node.output[0], [])], opset: opset)
    }

    @Test("large weights stay in the file, small ones come along") func payloads() throws {
        let folder = try TemporaryFolder()
        let model = try ONNXImporter.load(path: try folder.write(TinyModel.classifier()), payloadLimit: 64)
        let constants = Dictionary(
            uniqueKeysWithValues: model.graph.constants.map { (model.graph.name(of: $0.key), $0.value) })
        guard case .file(let region, let type)? = constants["w"] else {
            Issue.record("the weights are in memory")
            return
        }
        #expect(type == TensorType(.float32, [3, 2, 3, 3]))
        #expect(region.byteCount == 216)
        #expect(try constants["w"]?.load().elements(of: Float.self) == (0..<54).map { Float($0) / 54 })
        #expect(constants["s"]?.tensor?.elements(of: Float.self) == [1, 2, 3])
        #expect(constants["end"]?.tensor?.elements(of: Int64.self) == [.max])
        #expect(model.graph.inputs.first?.dimensions == [.symbol("batch"), .fixed(2), .fixed(8), .fixed(8)])
        #expect(model.graph.unsupportedOperators().isEmpty)
    }

    @Test("elements in typed fields") func typedFields() throws {
        var floats = TinyModel.tensor("w", [100], [])
        floats.clearRawData()
        floats.floatData = (0..<100).map(Float.init)
        var halves = TinyModel.tensor("h", [2], [])
        halves.clearRawData()
        halves.dataType = 10
        halves.int32Data = [0x3C00, 0xC000]
        var truths = TinyModel.tensor("t", [3], [])
        truths.dataType = 9
        truths.rawData = Data([0, 2, 255])
        let model = try load(
            single(
                TinyModel.node("Identity", "i", ["x"], ["y"]), initializers: [floats, halves, truths]))
        let constants = Dictionary(
            uniqueKeysWithValues: model.graph.constants.map { (model.graph.name(of: $0.key), $0.value) })
        guard case .file? = constants["w"] else {
            Issue.record("packed floats are in memory")
            return
        }
        #expect(constants["h"]?.type == TensorType(.float16, [2]))
        #expect(constants["h"]?.tensor?.withBytes { Array($0) } == [0x00, 0x3C, 0x00, 0xC0])
        #expect(constants["t"]?.tensor?.elements(of: Bool.self) == [false, true, true])
    }

    @Test("types that we lack wait until they are needed") func lackingTypes() throws {
        var weights = TinyModel.tensor("w", [2], [])
        weights.dataType = 14
        weights.rawData = Data(repeating: 0x12, count: 16)
        var more = weights
        more.name = "v"
        let model = try load(single(TinyModel.node("Add", "a", ["v", "w"], ["y"]), initializers: [weights, more]))
        let missing = model.graph.unsupportedOperators()
        #expect(missing.map(\.name) == ["initializer of type complex64"])
        #expect(missing.map(\.nodes) == [2] && missing.map(\.first) == ["w"])
    }

    @Test("unknown operators, domains and settings become unsupported operators") func unsupported() throws {
        var foreign = TinyModel.node("NhwcMaxPool", "f", ["x"], ["y"])
        foreign.domain = "com.microsoft"
        #expect(try load(single(foreign)).graph.unsupportedOperators().map(\.name) == ["com.microsoft.NhwcMaxPool"])
        let setting = TinyModel.node("Relu", "r", ["x"], ["y"], int: ["quickly": 1])
        #expect(try load(single(setting)).graph.unsupportedOperators().map(\.name) == ["Relu with quickly"])
    }

    @Test("a model of another domain alone names no standard opset") func otherDomain() throws {
        var node = TinyModel.node("Binarizer", "b", ["x"], ["y"], float: ["threshold": 0.5])
        node.domain = "ai.onnx.ml"
        var model = single(node)
        model.opsetImport[0].domain = "ai.onnx.ml"
        model.opsetImport[0].version = 3
        #expect(try load(model).opset == nil)
        #expect(try load(model).graph.unsupportedOperators().isEmpty)
        model.graph.node.append(TinyModel.node("Relu", "r", ["y"], ["z"]))
        #expect(message(model).contains("names no version of the standard operator set"))
    }

    @Test("nodes in any order are put in one that runs") func ordering() throws {
        var model = TinyModel.classifier()
        model.graph.node.reverse()
        let graph = try load(model).graph
        try GraphValidator.check(graph)
        #expect(graph.nodes.first?.name == "conv")
        #expect(graph.nodes.last?.name == "softmax")
    }

    @Test("initialisers that are inputs too are constants") func oldInputs() throws {
        var model = TinyModel.classifier()
        model.graph.input += [TinyModel.value("w", [3, 2, 3, 3])]
        #expect(try load(model).graph.inputs.count == 1)
    }

    @Test("errors name the node and what to do") func errors() {
        let old = single(TinyModel.node("Expand", "e", ["x", "x"], ["y"]), opset: 7)
        #expect(message(old).contains("node 'e' (Expand): opset 7 has another form"))
        #expect(message(old).contains("opset 8 or later"))
        let operands = single(TinyModel.node("Relu", "r", ["x", "x"], ["y"]))
        #expect(message(operands).contains("node 'r' (Relu): 2 operands, and the operator takes 1"))
        let results = single(TinyModel.node("TopK", "t", ["x", "x"], ["", "y"]))
        #expect(message(results).contains("node 't' (TopK): output 0 is missing"))
        let untyped = single(
            TinyModel.node("Relu", "r", ["x"], ["y"]), inputs: [TinyModel.value("x", [1], type: 0)])
        #expect(message(untyped).contains("input 'x'"))
    }

    @Test("the fingerprint sees structure, not weights in the file") func fingerprint() throws {
        let model = TinyModel.classifier()
        let print = try load(model).fingerprint
        #expect(print.count == 16)
        #expect(try load(model).fingerprint == print)
        var other = model
        other.graph.node[0].attribute[1].ints = [1, 1, 0, 0]
        #expect(try load(other).fingerprint != print)
        var weights = model
        weights.graph.initializer[0] = TinyModel.tensor("w", [3, 2, 3, 3], [Float](repeating: 7, count: 54))
        #expect(try load(weights).fingerprint == print)
    }

    /// What one node becomes: the names of the operators, in order.
    struct Lowering: Sendable {
        let node: Onnx_NodeProto
        var opset: Int64 = 17
        let operators: [String]
    }

    private static let lowerings: [Lowering] = [
        Lowering(node: TinyModel.node("Sum", "n", ["x", "x", "x"], ["y"]), operators: ["Add", "Add"]),
        Lowering(node: TinyModel.node("Max", "n", ["x"], ["y"]), operators: ["Identity"]),
        Lowering(node: TinyModel.node("Mean", "n", ["x", "x"], ["y"]), operators: ["Add", "Div"]),
        Lowering(node: TinyModel.node("Clip", "n", ["x"], ["y"], float: ["min": 0]), opset: 7, operators: ["Clip"]),
        Lowering(node: TinyModel.node("Clip", "n", ["x", "low", "x"], ["y"]), operators: ["Max", "Min"]),
        Lowering(node: TinyModel.node("Clip", "n", ["x", "low"], ["y"]), operators: ["Clip"]),
        Lowering(
            node: TinyModel.node("Dropout", "n", ["x"], ["y"], float: ["ratio": 0.5]), opset: 7,
            operators: ["Identity"]),
        Lowering(
            node: TinyModel.node("Dropout", "n", ["x"], ["y", "mask"]),
            operators: ["Shape", "ConstantOfShape", "Identity"]),
        Lowering(node: TinyModel.node("LpNormalization", "n", ["x"], ["y"]), operators: ["ReduceL2", "Max", "Div"]),
        Lowering(
            node: TinyModel.node("ReduceMean", "n", ["x"], ["y"], ints: ["axes": [1]]), operators: ["ReduceMean"]),
        Lowering(
            node: TinyModel.node("Add", "n", ["x", "channels"], ["y"], int: ["axis": 1, "broadcast": 1]), opset: 6,
            operators: ["Unsqueeze", "Add"]),
        Lowering(
            node: TinyModel.node(
                "BatchNormalization", "n", ["x", "c", "c", "c", "c"], ["y"], int: ["training_mode": 1]),
            operators: ["ReduceMean", "Reshape", "Sub", "Mul", "ReduceMean", "BatchNormalization"]),
    ]

    @Test("composites are lowered") func lowering() throws {
        for lowering in Self.lowerings {
            let model = single(
                lowering.node,
                initializers: [TinyModel.tensor("low", [], [0]), TinyModel.tensor("channels", [3], [1, 2, 3])],
                inputs: [TinyModel.value("x", [nil, 3, 4, 4]), TinyModel.value("c", [3])], opset: lowering.opset)
            let graph = try load(model).graph
            try GraphValidator.check(graph)
            #expect(graph.nodes.map(\.operation.name) == lowering.operators)
        }
    }
}
