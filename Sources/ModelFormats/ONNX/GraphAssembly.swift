internal import Graphs
internal import Tensors

/// The graph while nodes are added to it, with what conversions ask about values: dtype and rank where these are
/// known without shapes, and elements of small constants.
struct GraphAssembly {
    var graph: Graph
    /// By name in the file.
    var values: [String: ValueID] = [:]
    private(set) var dtypes: [ValueID: DType] = [:]
    private(set) var ranks: [ValueID: Int] = [:]
    /// Of values that hold narrow numbers.
    private(set) var formats: [ValueID: NarrowFormat] = [:]
    /// Names of the columns of values that are tables.
    private(set) var columns: [ValueID: [String]] = [:]
    /// Names of nodes, and the next number to tell another node of the name apart with.
    private var nodeNames: [String: Int] = [:]
    /// Values that the file says, or whose makers say, to be sequences.
    private var sequences: Set<ValueID> = []

    /// Whether it is the graph of a loop or a branch.
    var isBody = false

    let context: ImportContext

    var tensors: TensorReader { context.tensors }

    init(name: String, context: ImportContext) {
        graph = Graph(name: name)
        self.context = context
    }

    // MARK: What is known

    mutating func note(_ value: ValueID, dtype: DType?, rank: Int?) {
        if let dtype { dtypes[value] = dtype }
        if let rank { ranks[value] = rank }
    }

    mutating func note(_ value: ValueID, _ format: NarrowFormat) { formats[value] = format }

    mutating func noteColumns(_ value: ValueID, _ names: [String]) { columns[value] = names }

    mutating func noteSequence(_ value: ValueID) { sequences.insert(value) }

    func isSequence(_ value: ValueID) -> Bool { sequences.contains(value) }

    func dtype(_ value: ValueID) throws(ConversionError) -> DType {
        guard let dtype = dtypes[value] else {
            throw .inexpressible("on operands of a dtype that the file does not tell")
        }
        return dtype
    }

    /// As the file tells it, or as a constant has it; nil where it is unknown.
    func rank(of value: ValueID) -> Int? { ranks[value] ?? type(ofConstant: value)?.shape.rank }

    func type(ofConstant value: ValueID?) -> TensorType? { value.flatMap { graph.constants[$0]?.type } }

    /// The elements of a small constant.
    func tensor(_ value: ValueID?) -> Tensor? { value.flatMap { graph.constants[$0]?.tensor } }

    // MARK: Adding

    /// A name that no node has yet, as close to the one asked for as possible.
    mutating func uniqueName(_ wanted: String) -> String {
        guard var count = nodeNames[wanted] else {
            nodeNames[wanted] = 2
            return wanted
        }
        var name: String
        repeat {
            name = "\(wanted).\(count)"
            count += 1
        } while nodeNames[name] != nil
        nodeNames[wanted] = count
        nodeNames[name] = 2
        return name
    }

    mutating func define(_ value: ValueID, _ constant: Constant) {
        graph.constants[value] = constant
        note(value, dtype: constant.type.dtype, rank: constant.type.shape.rank)
    }

    /// Makes a value the tensor that a file describes. Narrow numbers stay packed as they are, and a node unpacks them.
    ///
    /// - Parameter name: of the tensor, or of the node that has it.
    mutating func define(_ value: ValueID, _ proto: Onnx_TensorProto, name: String) throws(ConversionError) {
        guard let format = ElementType(code: Int(proto.dataType))?.narrow else {
            return define(value, try tensors.constant(proto))
        }
        let (bytes, shape) = try tensors.packed(proto, format)
        let packed = graph.addValue(named: "\(name)/packed")
        define(packed, bytes)
        let operation = Operation.narrowUnpacking(NarrowUnpacking(format, shape: shape))
        add(uniqueName("\(name)/unpacked"), operation, [packed], outputs: [value])
        note(value, dtype: format.held, rank: shape.rank)
        note(value, format)
    }

    mutating func addConstant(_ node: ONNXNode, _ suffix: String, _ tensor: Tensor) -> ValueID {
        let value = graph.addValue(named: "\(node.name)/\(suffix)")
        define(value, .tensor(tensor))
        return value
    }

    mutating func addConstant(_ node: ONNXNode, _ suffix: String, _ integers: [Int]) -> ValueID {
        addConstant(node, suffix, Tensor(integers.map(Int64.init)))
    }

    /// A scalar that can be combined with a value of this dtype.
    mutating func addScalar(_ node: ONNXNode, _ suffix: String, _ number: Double, dtype: DType) -> ValueID {
        switch dtype {
        case .float64: return addConstant(node, suffix, Tensor(scalar: number))
        case .float32: return addConstant(node, suffix, Tensor(scalar: Float(number)))
        case .int64 where Int64(exactly: number) != nil:
            return addConstant(node, suffix, Tensor(scalar: Int64(number)))
        case .int32 where Int32(exactly: number) != nil:
            return addConstant(node, suffix, Tensor(scalar: Int32(number)))
        default:
            let value = addConstant(node, suffix, Tensor(scalar: Float(number)))
            return emit(node, suffix + "/cast", .cast(Cast(to: dtype)), [value])
        }
    }

    /// Appends a node for an intermediate result of a conversion.
    mutating func emit(
        _ node: ONNXNode, _ suffix: String, _ operation: Operation, _ inputs: [ValueID?]
    ) -> ValueID {
        let output = graph.addValue(named: "\(node.name)/\(suffix)")
        add(uniqueName("\(node.name)/\(suffix)"), operation, inputs, outputs: [output])
        return output
    }

    /// Appends the node that makes the results of `node`.
    mutating func finish(_ node: ONNXNode, _ operation: Operation, _ inputs: [ValueID?]) {
        var inputs = inputs
        while let last = inputs.last, last == nil { inputs.removeLast() }
        var outputs = node.outputs
        while let last = outputs.last, last == nil { outputs.removeLast() }
        add(node.name, operation, inputs, outputs: outputs)
    }

    /// Appends the node that makes the result of `node`, which is narrow numbers.
    mutating func finish(_ node: ONNXNode, _ rounding: NarrowRounding, _ value: ValueID) {
        finish(node, .narrowRounding(rounding), [value])
        if let output = node.outputs.first ?? nil { note(output, rounding.format) }
    }

    /// Appends a node that makes just these values.
    mutating func add(_ name: String, _ operation: Operation, _ inputs: [ValueID?], outputs: [ValueID?]) {
        let operands = inputs.map { value in value.flatMap { dtypes[$0] } }
        for (index, output) in outputs.enumerated() {
            guard let output else { continue }
            note(output, dtype: operation.resultDType(index, operands: operands), rank: nil)
        }
        graph.nodes.append(Node(name: name, operation: operation, inputs: inputs, outputs: outputs))
    }

    /// Takes back the nodes after the first `count`.
    mutating func removeNodes(after count: Int) { graph.nodes.removeLast(graph.nodes.count - count) }
}
