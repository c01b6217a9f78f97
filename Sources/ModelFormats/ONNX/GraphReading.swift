internal import Graphs
internal import SwiftProtobuf
internal import Tensors

/// The way from the graph in a file to ours: names become values, tensors constants, nodes ours.
struct GraphReading {
    let proto: Onnx_GraphProto
    let path: String
    let opset: Int
    private var assembly: GraphAssembly

    static let standardDomains: Set<String> = ["", "ai.onnx"]

    init(proto: Onnx_GraphProto, path: String, opset: Int, tensors: TensorReader) {
        self.proto = proto
        self.path = path
        self.opset = opset
        assembly = GraphAssembly(name: proto.name, tensors: tensors)
    }

    mutating func graph() throws(ModelError) -> Graph {
        let initializers = try initializerNames()
        try addInputs(except: initializers)
        try addInitializers()
        let order = try NodeOrder(proto, path: path, given: Set(assembly.values.keys)).indices
        for node in proto.node {
            for output in node.output where !output.isEmpty {
                assembly.values[output] = assembly.graph.addValue(named: output)
            }
        }
        noteHints()
        for index in order { try add(proto.node[index]) }
        try addOutputs()
        return assembly.graph
    }

    private func error(_ reason: String) -> ModelError { ModelError(path: path, reason: reason) }

    // MARK: Inputs, initialisers, outputs

    private func initializerNames() throws(ModelError) -> Set<String> {
        var names: Set<String> = []
        for name in proto.initializer.map(\.name) + proto.sparseInitializer.map(\.values.name) {
            guard !name.isEmpty else { throw error("an initializer has no name") }
            guard names.insert(name).inserted else { throw error("two initializers are named '\(name)'") }
        }
        return names
    }

    /// Before IR version 4 initialisers were inputs as well; and later ones that are may be overridden. Here they are
    /// constants.
    private mutating func addInputs(except initializers: Set<String>) throws(ModelError) {
        var names: Set<String> = []
        for input in proto.input {
            guard !input.name.isEmpty else { throw error("an input has no name") }
            guard names.insert(input.name).inserted else { throw error("two inputs are named '\(input.name)'") }
            guard !initializers.contains(input.name) else { continue }
            guard case .tensorType(let type)? = input.type.value else {
                let kind = input.hasType && input.type.value != nil ? "is no tensor" : "has no type"
                throw error("input '\(input.name)' \(kind); mpinfer needs tensors of a known type")
            }
            guard let element = ElementType(code: Int(type.elemType)) else {
                throw error("input '\(input.name)' has the element type \(type.elemType), which ONNX does not define")
            }
            guard let dtype = element.dtype else {
                throw error("input '\(input.name)' has the element type \(element.name), which mpinfer lacks")
            }
            guard type.hasShape else {
                throw error("input '\(input.name)' does not tell how many axes it has; export the model with shapes")
            }
            let isFirst = assembly.graph.inputs.isEmpty
            var dimensions: [Dimension] = []
            for (axis, dimension) in type.shape.dim.enumerated() {
                dimensions.append(try extent(dimension, of: input.name, axis: axis, isFirst: isFirst))
            }
            let value = assembly.graph.addInput(named: input.name, dtype: dtype, dimensions: dimensions)
            assembly.values[input.name] = value
            assembly.note(value, dtype: dtype, rank: dimensions.count)
        }
    }

    private func extent(
        _ dimension: Onnx_TensorShapeProto.Dimension, of input: String, axis: Int, isFirst: Bool
    ) throws(ModelError) -> Dimension {
        switch dimension.value {
        case .dimParam(let symbol)? where !symbol.isEmpty: return .symbol(symbol)
        case .dimValue(let extent)? where extent != -1:
            guard extent >= 0, Shape(checking: [Int(extent)]) != nil else {
                throw error("input '\(input)' has an extent of \(extent) on axis \(axis)")
            }
            return .fixed(Int(extent))
        default: return .symbol(isFirst && axis == 0 ? "batch" : "\(input).\(axis)")
        }
    }

    private mutating func addInitializers() throws(ModelError) {
        for tensor in proto.initializer {
            let value = assembly.graph.addValue(named: tensor.name)
            assembly.values[tensor.name] = value
            do {
                assembly.define(value, try assembly.tensors.constant(tensor))
            } catch {
                switch error {
                case .malformed(let reason): throw self.error("initializer '\(tensor.name)': \(reason)")
                case .inexpressible(let type): addUnsupported(tensor.name, type, value)
                }
            }
        }
        for tensor in proto.sparseInitializer {
            let value = assembly.graph.addValue(named: tensor.values.name)
            assembly.values[tensor.values.name] = value
            addUnsupported(tensor.values.name, "sparse tensor", value)
        }
    }

    /// Stands for a constant that cannot be held here, so that the model can still be inspected.
    private mutating func addUnsupported(_ name: String, _ type: String, _ value: ValueID) {
        let operation = Operation.unsupported(Unsupported("initializer '\(name)' (\(type))"))
        assembly.add(assembly.uniqueName(name), operation, [], outputs: [value])
    }

    private mutating func addOutputs() throws(ModelError) {
        guard !proto.output.isEmpty else { throw error("the graph has no output") }
        for output in proto.output {
            guard let value = assembly.values[output.name] else {
                throw error("output '\(output.name)' is made by no node")
            }
            guard !assembly.graph.outputs.contains(value) else { throw error("two outputs are named '\(output.name)'") }
            assembly.graph.outputs.append(value)
        }
    }

    /// Dtypes and ranks that the file tells of values in between.
    private mutating func noteHints() {
        for information in proto.valueInfo + proto.output {
            guard let value = assembly.values[information.name], assembly.graph.constants[value] == nil,
                case .tensorType(let type)? = information.type.value
            else { continue }
            assembly.note(
                value, dtype: ElementType(code: Int(type.elemType))?.dtype,
                rank: type.hasShape ? type.shape.dim.count : nil)
        }
    }

    // MARK: Nodes

    private mutating func add(_ proto: Onnx_NodeProto) throws(ModelError) {
        let name = assembly.uniqueName(proto.label)
        let count = assembly.graph.nodes.count
        do {
            try convert(proto, name: name)
        } catch {
            switch error {
            case .malformed(let reason): throw self.error("node '\(name)' (\(proto.opType)): \(reason)")
            case .inexpressible(let remark):
                assembly.removeNodes(after: count)
                assembly.add(
                    name, .unsupported(Unsupported(proto.operatorName + (remark.isEmpty ? "" : " \(remark)"))),
                    proto.input.map { assembly.values[$0] }, outputs: proto.output.map { assembly.values[$0] })
            }
        }
    }

    private mutating func convert(_ proto: Onnx_NodeProto, name: String) throws(ConversionError) {
        guard let operation = ONNXOperator.named(proto.opType, domain: proto.domain) else { throw .inexpressible("") }
        guard let version = operation.version(opset: opset) else {
            throw .malformed(
                "opset \(opset) has another form of this operator; opset \(operation.versions[0]) or later is needed: "
                    + "convert the model with onnx.version_converter")
        }
        let (inputs, outputs) = (trimmed(proto.input), trimmed(proto.output))
        guard operation.inputs.contains(inputs.count) else {
            throw .malformed("\(inputs.count) operands, and the operator takes \(operation.inputs.text)")
        }
        guard operation.outputs.contains(outputs.count) else {
            throw .malformed("\(outputs.count) outputs, and the operator has \(operation.outputs.text)")
        }
        if !inputs.isEmpty, inputs[0].isEmpty { throw .malformed("operand 0 is missing") }
        let node = try ONNXNode(
            name: name, operatorType: proto.opType, version: version,
            inputs: inputs.map { assembly.values[$0] }, outputs: outputs.map { assembly.values[$0] },
            attributes: proto.attribute)
        try operation.convert(node, &assembly)
        let rest = node.unconsulted
        // A setting that nobody looked at would be dropped in silence.
        guard rest.isEmpty else { throw .inexpressible("with \(rest.joined(separator: ", "))") }
    }

    /// Names without the empty ones at the end, which stand for nothing.
    private func trimmed(_ names: [String]) -> [String] {
        Array(names[..<(names.lastIndex { !$0.isEmpty }.map { $0 + 1 } ?? 0)])
    }
}

extension Onnx_NodeProto {
    /// What messages call the node.
    var label: String {
        if !name.isEmpty { return name }
        return output.first { !$0.isEmpty } ?? opType
    }

    /// With the domain, where that is not the standard's.
    fileprivate var operatorName: String {
        GraphReading.standardDomains.contains(domain) ? opType : "\(domain).\(opType)"
    }
}

extension ClosedRange<Int> {
    fileprivate var text: String {
        if self == ONNXOperator.anyNumber { return "at least 1" }
        return lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound) to \(upperBound)"
    }
}
