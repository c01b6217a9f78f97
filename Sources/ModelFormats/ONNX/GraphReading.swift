internal import Graphs
internal import SwiftProtobuf
internal import Tensors

/// How the graph in a file becomes a `Graph`: names become values, tensors constants, nodes `Node`s.
struct GraphReading {
    /// What a body knows of a value that it takes from the graph around it.
    struct Captured {
        let name: String
        let dtype: DType?
        let rank: Int?
        var isSequence = false
    }

    let proto: Onnx_GraphProto
    /// The version of the standard operator set that the nodes follow, where no function says otherwise.
    let opset: Int
    private var assembly: GraphAssembly

    static let standardDomains: Set<String> = ["", "ai.onnx"]

    init(proto: Onnx_GraphProto, context: ImportContext, opset: Int) {
        self.proto = proto
        self.opset = opset
        assembly = GraphAssembly(name: proto.name, context: context)
    }

    /// The graph of a model, which a user feeds.
    mutating func graph() throws(ModelError) -> Graph {
        let initializers = try initializerNames()
        try addInputs(except: initializers)
        try addNodes()
        let outputs = try outputs()
        var seen: Set<ValueID> = []
        for output in outputs where !seen.insert(output).inserted {
            throw error("two outputs are named '\(assembly.graph.name(of: output))'")
        }
        assembly.graph.outputs = outputs
        for output in outputs {
            assembly.graph.columnNames[assembly.graph.name(of: output)] = assembly.columns[output]
        }
        assembly.graph.drawPerItem()
        return assembly.graph
    }

    /// The graph of a body, which the node around it feeds.
    ///
    /// - Parameters:
    ///   - own: what is known of the body's own parameters.
    ///   - captured: parameters behind the body's own.
    ///   - constants: of the graph around.
    mutating func body(
        own: [Captured], captured: [Captured], constants: [(name: String, constant: Constant)]
    ) throws(ModelError) -> Graph {
        assembly.isBody = true
        let initializers = try initializerNames()
        for input in proto.input where !initializers.contains(input.name) {
            guard !input.name.isEmpty else { throw error("an input has no name") }
            guard assembly.values[input.name] == nil else { throw error("two inputs are named '\(input.name)'") }
            var hint = Captured(name: input.name, dtype: nil, rank: nil)
            if case .tensorType(let type)? = input.type.value {
                hint = Captured(
                    name: input.name, dtype: ElementType(code: Int(type.elemType))?.dtype,
                    rank: type.hasShape ? type.shape.dim.count : nil)
            } else {
                hint.isSequence = input.type.isSequence
            }
            // What the node hands in is surer than what the file says.
            let index = assembly.graph.parameters.count
            if index < own.count, let dtype = own[index].dtype {
                hint = Captured(name: input.name, dtype: dtype, rank: hint.rank, isSequence: hint.isSequence)
            }
            addParameter(hint)
        }
        for value in captured { addParameter(value) }
        for (name, constant) in constants {
            let value = assembly.graph.addValue(named: name)
            assembly.values[name] = value
            assembly.define(value, constant)
        }
        try addNodes()
        assembly.graph.outputs = try outputs()
        return assembly.graph
    }

    /// Dtypes and ranks of the outputs, as far as they are known without shapes.
    var outputDTypes: [DType?] { assembly.graph.outputs.map { assembly.dtypes[$0] } }
    var outputRanks: [Int?] { assembly.graph.outputs.map { assembly.ranks[$0] } }

    private mutating func addParameter(_ parameter: Captured) {
        let value = assembly.graph.addParameter(named: parameter.name)
        assembly.values[parameter.name] = value
        assembly.note(value, dtype: parameter.dtype, rank: parameter.rank)
        if parameter.isSequence { assembly.noteSequence(value) }
    }

    private mutating func addNodes() throws(ModelError) {
        try addInitializers()
        let nodes = try assembly.context.functions.expanded(proto.node, opset: opset)
        let order = try NodeOrder(
            nodes.map(\.proto), path: assembly.context.path, given: Set(assembly.values.keys)
        ).indices
        for node in nodes {
            for output in node.proto.output where !output.isEmpty {
                assembly.values[output] = assembly.graph.addValue(named: output)
            }
        }
        noteHints()
        for index in order { try add(nodes[index]) }
    }

    private func error(_ reason: String) -> ModelError { ModelError(path: assembly.context.path, reason: reason) }

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
            if input.type.isSequence || input.type.isOptional {
                addParameter(
                    Captured(name: input.name, dtype: nil, rank: nil, isSequence: input.type.isSequence))
                continue
            }
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
                try assembly.define(value, tensor, name: tensor.name)
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

    /// Takes the place of a constant that cannot be held here, so that the model can still be inspected.
    private mutating func addUnsupported(_ name: String, _ type: String, _ value: ValueID) {
        let operation = Operation.unsupported(Unsupported("initializer of type \(type)"))
        assembly.add(assembly.uniqueName(name), operation, [], outputs: [value])
    }

    private func outputs() throws(ModelError) -> [ValueID] {
        guard !proto.output.isEmpty else { throw error("the graph has no output") }
        var outputs: [ValueID] = []
        for output in proto.output {
            guard let value = assembly.values[output.name] else {
                throw error("output '\(output.name)' is made by no node")
            }
            outputs.append(value)
        }
        return outputs
    }

    /// Dtypes and ranks that the file tells of values in between.
    private mutating func noteHints() {
        for information in proto.valueInfo + proto.output where information.type.isSequence {
            if let value = assembly.values[information.name] { assembly.noteSequence(value) }
        }
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

    private mutating func add(_ node: FunctionTable.Node) throws(ModelError) {
        let proto = node.proto
        let name = assembly.uniqueName(proto.label)
        let count = assembly.graph.nodes.count
        do {
            try convert(proto, opset: node.opset, name: name)
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

    private mutating func convert(
        _ proto: Onnx_NodeProto, opset: Int, name: String
    ) throws(ConversionError) {
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
        if !operation.mayLackFirst, !inputs.isEmpty, inputs[0].isEmpty { throw .malformed("operand 0 is missing") }
        // Where the file chooses the number of outputs, any may be left out.
        if operation.outputs.lowerBound > 0, operation.outputs != ONNXOperator.anyNumber, outputs[0].isEmpty {
            throw .malformed("output 0 is missing")
        }
        let node = try ONNXNode(
            name: name, operatorType: proto.opType, version: version, opset: opset,
            inputs: inputs.map { assembly.values[$0] }, outputs: outputs.map { assembly.values[$0] },
            attributes: proto.attribute)
        try node.checkNarrowOperands(assembly)
        try operation.convert(node, &assembly)
        node.noteNarrowResults(&assembly)
        let rest = node.unconsulted
        // A setting that no conversion looked at would be dropped silently.
        guard rest.isEmpty else { throw .inexpressible("with \(rest.joined(separator: ", "))") }
    }

    /// Names without the empty ones at the end, which have no meaning.
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

extension Onnx_TypeProto {
    /// A sequence of tensors, or an optional of one.
    fileprivate var isSequence: Bool {
        switch value {
        case .sequenceType(let type): if case .tensorType? = type.elemType.value { true } else { false }
        case .optionalType(let type): type.elemType.isSequence
        default: false
        }
    }

    fileprivate var isOptional: Bool {
        if case .optionalType? = value { true } else { false }
    }
}

extension ClosedRange<Int> {
    fileprivate var text: String {
        if self == ONNXOperator.anyNumber { return "at least 1" }
        return lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound) to \(upperBound)"
    }
}
