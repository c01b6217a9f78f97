public import Tensors

/// A model as a list of nodes in topological order over a list of values. Shapes are not part of it: they follow from
/// the inputs it is bound to (`BoundGraph`).
public struct Graph: Sendable, Codable, Hashable {
    /// A tensor that a user feeds.
    public struct Input: Sendable, Codable, Hashable {
        public let value: ValueID
        public let dtype: DType
        public let dimensions: [Dimension]

        public init(value: ValueID, dtype: DType, dimensions: [Dimension]) {
            self.value = value
            self.dtype = dtype
            self.dimensions = dimensions
        }
    }

    /// An input that the model itself feeds: what an output was for one item is the input for the next (the memory of a
    /// recurrent net that is given its sequence piece by piece).
    public struct CarriedState: Sendable, Codable, Hashable {
        /// One of `inputs`.
        public let input: ValueID
        /// One of `outputs`.
        public let output: ValueID

        public init(input: ValueID, output: ValueID) {
            self.input = input
            self.output = output
        }
    }

    public var name: String
    /// The name of each value; `ValueID.index` counts in it.
    public private(set) var valueNames: [String]
    public var inputs: [Input]
    /// What the node around a body hands in, in order: values of any kind, whose types are known when the body is bound.
    public var parameters: [ValueID]
    /// Of a body, one value may be put out more than once.
    public var outputs: [ValueID]
    public var nodes: [Node]
    public var constants: [ValueID: Constant]
    public var states: [CarriedState]
    /// What the columns of outputs are called that are tables, by the name of the output.
    public var columnNames: [String: [String]]

    public init(name: String) {
        self.name = name
        valueNames = []
        inputs = []
        parameters = []
        outputs = []
        nodes = []
        constants = [:]
        states = []
        columnNames = [:]
    }

    public func name(of value: ValueID) -> String { valueNames[value.index] }

    /// The elements of an integer constant that is in memory; nil for everything else.
    public func constantIntegers(_ value: ValueID?) -> [Int]? { value.flatMap { constants[$0]?.tensor?.integers } }

    /// The elements of a floating-point constant that is in memory; nil for everything else.
    public func constantFloats(_ value: ValueID?) -> [Float]? { value.flatMap { constants[$0]?.tensor?.floats } }

    // MARK: Building

    public mutating func addValue(named name: String) -> ValueID {
        valueNames.append(name)
        return ValueID(valueNames.count - 1)
    }

    public mutating func addInput(named name: String, dtype: DType, dimensions: [Dimension]) -> ValueID {
        let value = addValue(named: name)
        inputs.append(Input(value: value, dtype: dtype, dimensions: dimensions))
        return value
    }

    public mutating func addParameter(named name: String) -> ValueID {
        let value = addValue(named: name)
        parameters.append(value)
        return value
    }

    public mutating func addConstant(named name: String, _ constant: Constant) -> ValueID {
        let value = addValue(named: name)
        constants[value] = constant
        return value
    }

    /// Appends a node with one output and returns that; the output is named after the node.
    public mutating func addNode(named name: String, _ operation: Operation, _ inputs: [ValueID?]) -> ValueID {
        let output = addValue(named: name)
        nodes.append(Node(name: name, operation: operation, inputs: inputs, outputs: [output]))
        return output
    }
}

// MARK: - Who makes and who uses a value

extension Graph {
    /// For each value the node that makes it; nil for inputs, parameters and constants.
    public func producers() -> [NodeID?] {
        var producers = [NodeID?](repeating: nil, count: valueNames.count)
        for (index, node) in nodes.enumerated() {
            for case let output? in node.outputs { producers[output.index] = NodeID(index) }
        }
        return producers
    }

    /// For each value the nodes that take it, in order, each once.
    public func consumers() -> [[NodeID]] {
        var consumers = [[NodeID]](repeating: [], count: valueNames.count)
        for (index, node) in nodes.enumerated() {
            for case let input? in node.inputs where consumers[input.index].last != NodeID(index) {
                consumers[input.index].append(NodeID(index))
            }
        }
        return consumers
    }

    /// Which nodes depend on no input: they run once while a rank loads, not once per microbatch.
    public func loadTimeNodes() -> [Bool] {
        var isConstant = [Bool](repeating: false, count: valueNames.count)
        for value in constants.keys { isConstant[value.index] = true }
        return nodes.map { node in
            let constant =
                !node.operation.attributes.hangsOnItem
                && node.inputs.allSatisfy { $0.map { isConstant[$0.index] } ?? true }
            if constant { for case let output? in node.outputs { isConstant[output.index] = true } }
            return constant
        }
    }

    /// Every operator that nothing here can compute, each once, with the number of nodes that use it and the first of
    /// these; bodies included. Constants of a type that nothing here can hold count as operators.
    public func unsupportedOperators() -> [(name: String, nodes: Int, first: String)] {
        var found: [String: (nodes: Int, first: String)] = [:]
        countUnsupported(&found)
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value.nodes, $0.value.first) }
    }

    private func countUnsupported(_ found: inout [String: (nodes: Int, first: String)]) {
        for node in nodes {
            if case .unsupported(let operation) = node.operation {
                found[operation.operatorName, default: (0, node.name)].nodes += 1
            }
            for body in node.operation.bodies { body.countUnsupported(&found) }
        }
    }
}
