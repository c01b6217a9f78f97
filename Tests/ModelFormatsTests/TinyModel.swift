import FoundationEssentials
import SwiftProtobuf

@testable import ModelFormats

/// Models built from the generated protocol buffers, and folders to put them in.
enum TinyModel {
    /// What comes before a field of this many bytes.
    static func delimited(_ field: UInt8, _ count: Int) -> [UInt8] {
        var bytes = [field << 3 | 2]
        var rest = count
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func tensor(_ name: String, _ dimensions: [Int64], _ values: [Float]) -> Onnx_TensorProto {
        var tensor = Onnx_TensorProto()
        tensor.name = name
        tensor.dims = dimensions
        tensor.dataType = 1
        tensor.rawData = values.withUnsafeBytes { Data($0) }
        return tensor
    }

    static func integers(_ name: String, _ values: [Int64]) -> Onnx_TensorProto {
        var tensor = Onnx_TensorProto()
        tensor.name = name
        tensor.dims = [Int64(values.count)]
        tensor.dataType = 7
        tensor.int64Data = values
        return tensor
    }

    static func node(
        _ type: String, _ name: String, _ inputs: [String], _ outputs: [String],
        ints: [String: [Int64]] = [:], int: [String: Int64] = [:], float: [String: Float] = [:]
    ) -> Onnx_NodeProto {
        var node = Onnx_NodeProto()
        node.opType = type
        node.name = name
        node.input = inputs
        node.output = outputs
        for (name, values) in ints.sorted(by: { $0.key < $1.key }) {
            var attribute = Onnx_AttributeProto()
            attribute.name = name
            attribute.type = .ints
            attribute.ints = values
            node.attribute.append(attribute)
        }
        for (name, value) in int.sorted(by: { $0.key < $1.key }) {
            var attribute = Onnx_AttributeProto()
            attribute.name = name
            attribute.type = .int
            attribute.i = value
            node.attribute.append(attribute)
        }
        for (name, value) in float.sorted(by: { $0.key < $1.key }) {
            var attribute = Onnx_AttributeProto()
            attribute.name = name
            attribute.type = .float
            attribute.f = value
            node.attribute.append(attribute)
        }
        return node
    }

    static func value(_ name: String, _ dimensions: [Int64?], type: Int32 = 1) -> Onnx_ValueInfoProto {
        var value = Onnx_ValueInfoProto()
        value.name = name
        value.type.tensorType.elemType = type
        value.type.tensorType.shape.dim = dimensions.map { extent in
            var dimension = Onnx_TensorShapeProto.Dimension()
            if let extent { dimension.dimValue = extent }
            return dimension
        }
        return value
    }

    static func model(
        _ nodes: [Onnx_NodeProto], initializers: [Onnx_TensorProto] = [], inputs: [Onnx_ValueInfoProto],
        outputs: [Onnx_ValueInfoProto], opset: Int64 = 17
    ) -> Onnx_ModelProto {
        var model = Onnx_ModelProto()
        model.irVersion = 8
        var entry = Onnx_OperatorSetIdProto()
        entry.version = opset
        model.opsetImport = [entry]
        model.graph.name = "tiny"
        model.graph.node = nodes
        model.graph.initializer = initializers
        model.graph.input = inputs
        model.graph.output = outputs
        return model
    }

    /// A classifier with an example of most kinds of node.
    static func classifier() -> Onnx_ModelProto {
        model(
            [
                node(
                    "Conv", "conv", ["image", "w", "b"], ["c"], ints: ["kernel_shape": [3, 3], "pads": [1, 1, 1, 1]]),
                node("BatchNormalization", "norm", ["c", "s", "b", "m", "v"], ["n"], float: ["epsilon": 1e-3]),
                node("Relu", "relu", ["n"], ["r"]),
                node("MaxPool", "pool", ["r"], ["p"], ints: ["kernel_shape": [2, 2], "strides": [2, 2]]),
                node("Clip", "clip", ["p", "zero", "six"], ["q"]),
                node("Slice", "slice", ["q", "start", "end", "axes"], ["t"]),
                node("Resize", "resize", ["t", "", "scales"], ["z"]),
                node("Concat", "join", ["z", "z"], ["j"], int: ["axis": 1]),
                node("ReduceMean", "mean", ["j"], ["a"], ints: ["axes": [2, 3]], int: ["keepdims": 0]),
                node("Unsqueeze", "wider", ["a", "axes"], ["u"]),
                node("Reshape", "flat", ["u", "shape"], ["f"]),
                node("Gemm", "dense", ["f", "d"], ["y"], int: ["transB": 1]),
                node("Softmax", "softmax", ["y"], ["scores"], int: ["axis": 1]),
            ],
            initializers: [
                tensor("w", [3, 2, 3, 3], (0..<54).map { Float($0) / 54 }), tensor("b", [3], [1, 2, 3]),
                tensor("s", [3], [1, 2, 3]), tensor("m", [3], [0, 1, 2]), tensor("v", [3], [1, 1, 2]),
                tensor("zero", [], [0]), tensor("six", [], [6]), tensor("scales", [4], [1, 1, 2, 2]),
                integers("start", [0]), integers("end", [.max]), integers("axes", [2]), integers("shape", [0, -1]),
                tensor("d", [4, 6], (0..<24).map(Float.init)),
            ],
            inputs: [value("image", [nil, 2, 8, 8])], outputs: [value("scores", [nil, 4])])
    }
}

/// A folder that goes away with the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "mpinfer-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func write(_ bytes: some Sequence<UInt8>, _ name: String = "model.onnx") throws -> String {
        let file = "\(path)/\(name)"
        guard FileManager.default.createFile(atPath: file, contents: Data(bytes)) else {
            throw CocoaError(.fileWriteUnknown)
        }
        return file
    }

    func write(_ model: Onnx_ModelProto) throws -> String { try write(model.serializedBytes() as [UInt8]) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
