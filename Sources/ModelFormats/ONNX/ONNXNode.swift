internal import FoundationEssentials
internal import Graphs
internal import Tensors

/// A node of an ONNX graph that is being converted: operands and results as values, attributes by name.
final class ONNXNode {
    /// Unique in the graph.
    let name: String
    let operatorType: String
    /// The version of the operator's definition that is in effect.
    let version: Int
    /// The version of the standard operator set that the node, and its bodies, follow.
    let opset: Int
    let inputs: [ValueID?]
    let outputs: [ValueID?]
    private let attributes: [String: Onnx_AttributeProto]
    /// Attributes that the conversion has looked at. What it did not look at has no effect.
    private var consulted: Set<String> = []

    /// Attributes past this, either way, are no settings but an attack on integer arithmetic.
    static let attributeLimit: Int64 = 1 << 31

    init(
        name: String, operatorType: String, version: Int, opset: Int, inputs: [ValueID?], outputs: [ValueID?],
        attributes: [Onnx_AttributeProto]
    ) throws(ConversionError) {
        self.name = name
        self.operatorType = operatorType
        self.version = version
        self.opset = opset
        self.inputs = inputs
        self.outputs = outputs
        var table: [String: Onnx_AttributeProto] = [:]
        for attribute in attributes {
            guard table.updateValue(attribute, forKey: attribute.name) == nil else {
                throw .malformed("the attribute '\(attribute.name)' is there twice")
            }
        }
        self.attributes = table
    }

    /// Operand `index`; nil where it is left out.
    func input(_ index: Int) -> ValueID? { inputs.indices.contains(index) ? inputs[index] : nil }

    func requiredInput(_ index: Int) throws(ConversionError) -> ValueID {
        guard let value = input(index) else { throw .malformed("operand \(index) is missing") }
        return value
    }

    /// Whether anybody may use output `index`.
    func hasOutput(_ index: Int) -> Bool { outputs.indices.contains(index) && outputs[index] != nil }

    var unconsulted: [String] { attributes.keys.filter { !consulted.contains($0) }.sorted() }

    // MARK: Attributes

    /// Takes note of attributes that change nothing when a model is only run forward.
    func ignore(_ names: String...) { consulted.formUnion(names) }

    func has(_ name: String) -> Bool { attributes[name] != nil }

    private func attribute(
        _ name: String, _ type: Onnx_AttributeProto.AttributeType
    ) throws(ConversionError) -> Onnx_AttributeProto? {
        consulted.insert(name)
        guard let attribute = attributes[name] else { return nil }
        guard attribute.refAttrName.isEmpty else {
            throw .malformed("the attribute '\(name)' refers to a function's, outside of a function")
        }
        // Files of the first IR versions leave the type out.
        guard attribute.type == type || attribute.type == .undefined else {
            throw .malformed("the attribute '\(name)' must be of type \(type), not \(attribute.type)")
        }
        return attribute
    }

    private func checked(_ value: Int64, _ name: String) throws(ConversionError) -> Int {
        guard value >= -ONNXNode.attributeLimit, value <= ONNXNode.attributeLimit else {
            throw .malformed("the attribute '\(name)' has the senseless value \(value)")
        }
        return Int(value)
    }

    func int(_ name: String) throws(ConversionError) -> Int? {
        guard let attribute = try attribute(name, .int) else { return nil }
        return try checked(attribute.i, name)
    }

    func requiredInt(_ name: String) throws(ConversionError) -> Int {
        guard let value = try int(name) else { throw .malformed("the attribute '\(name)' is missing") }
        return value
    }

    func flag(_ name: String, default standard: Bool = false) throws(ConversionError) -> Bool {
        try int(name).map { $0 != 0 } ?? standard
    }

    func ints(_ name: String) throws(ConversionError) -> [Int]? {
        guard let attribute = try attribute(name, .ints) else { return nil }
        var values: [Int] = []
        for value in attribute.ints { values.append(try checked(value, name)) }
        return values
    }

    /// Integers of any size, to become a constant operand.
    func unboundedInts(_ name: String) throws(ConversionError) -> [Int64]? { try attribute(name, .ints)?.ints }

    func unboundedInt(_ name: String) throws(ConversionError) -> Int64? { try attribute(name, .int)?.i }

    func float(_ name: String, default standard: Float) throws(ConversionError) -> Float {
        guard let attribute = try attribute(name, .float) else { return standard }
        guard attribute.f.isFinite else { throw .malformed("the attribute '\(name)' is \(attribute.f)") }
        return attribute.f
    }

    func unboundedFloat(_ name: String) throws(ConversionError) -> Float? { try attribute(name, .float)?.f }

    func floats(_ name: String) throws(ConversionError) -> [Float]? { try attribute(name, .floats)?.floats }

    func string(_ name: String) throws(ConversionError) -> String? {
        guard let attribute = try attribute(name, .string) else { return nil }
        return String(decoding: attribute.s, as: UTF8.self)
    }

    func strings(_ name: String) throws(ConversionError) -> [String]? {
        try attribute(name, .strings)?.strings.map { String(decoding: $0, as: UTF8.self) }
    }

    /// One of the words of an enumeration. A word that is not among them may come with a later version.
    func word<Word: RawRepresentable<String>>(
        _ name: String, default standard: Word
    ) throws(ConversionError) -> Word {
        guard let text = try string(name) else { return standard }
        guard let word = Word(rawValue: text) else { throw .inexpressible("\(name) '\(text)'") }
        return word
    }

    func tensor(_ name: String) throws(ConversionError) -> Onnx_TensorProto? { try attribute(name, .tensor)?.t }

    /// A body.
    func graph(_ name: String) throws(ConversionError) -> Onnx_GraphProto {
        guard let attribute = try attribute(name, .graph) else {
            throw .malformed("the attribute '\(name)' is missing")
        }
        guard attribute.hasG else { throw .malformed("the attribute '\(name)' holds no graph") }
        return attribute.g
    }
}
