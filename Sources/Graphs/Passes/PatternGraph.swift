internal import Tensors

/// A graph as passes look at it that recognise what several nodes spell out together.
struct PatternGraph {
    let graph: Graph
    /// By `ValueID.index`.
    private let producers: [NodeID?]
    private let consumers: [[NodeID]]
    private let outputs: Set<ValueID>

    init(_ graph: Graph) {
        self.graph = graph
        producers = graph.producers()
        consumers = graph.consumers()
        outputs = Set(graph.outputs)
    }

    // MARK: Nodes

    /// The place of the node that makes a value.
    func place(making value: ValueID) -> Int? { producers[value.index]?.index }

    func node(making value: ValueID?) -> Node? {
        value.flatMap { producers[$0.index] }.map { graph.nodes[$0.index] }
    }

    /// Whether one node takes a value and the graph does not put it out.
    func isPrivate(_ value: ValueID) -> Bool { consumers[value.index].count == 1 && !outputs.contains(value) }

    /// The only node that takes a value.
    func onlyConsumer(of value: ValueID) -> Int? { isPrivate(value) ? consumers[value.index][0].index : nil }

    /// Whether nothing but the nodes that make `values`, and the node at `last`, takes any of these: then they can go
    /// when that node does.
    func areClosed(_ values: [ValueID], last: Int) -> Bool {
        var inside: Set<Int> = [last]
        for value in values { if let place = place(making: value) { inside.insert(place) } }
        return values.allSatisfy { value in
            !outputs.contains(value) && consumers[value.index].allSatisfy { inside.contains($0.index) }
        }
    }

    // MARK: Operations

    /// The operand of a function of one element.
    func operand(of value: ValueID?, _ function: UnaryFunction) -> ValueID? {
        guard let node = node(making: value), case .unary(let unary) = node.operation, unary.function == function,
            node.inputs.count == 1
        else { return nil }
        return node.inputs[0]
    }

    func operands(of value: ValueID?, _ function: BinaryFunction) -> (ValueID, ValueID)? {
        guard let node = node(making: value), case .binary(let binary) = node.operation, binary.function == function,
            node.inputs.count == 2, let left = node.inputs[0], let right = node.inputs[1]
        else { return nil }
        return (left, right)
    }

    /// The operands of a function in which their order does not matter, in both orders.
    func orders(of value: ValueID?, _ function: BinaryFunction) -> [(ValueID, ValueID)] {
        operands(of: value, function).map { [$0, ($0.1, $0.0)] } ?? []
    }

    /// The operand of a reduction over the last axis alone that keeps it.
    func reduced(_ value: ValueID?, _ kind: Reduction.Kind, ranks: KnownRanks) -> ValueID? {
        guard let node = node(making: value), case .reduction(let reduction) = node.operation, reduction.kind == kind,
            reduction.keepsDimensions, node.inputs.count == 2, let input = node.inputs[0],
            let axes = integers(node.inputs[1]), axes.count == 1
        else { return nil }
        return axes[0] == -1 || (axes[0] >= 0 && axes[0] + 1 == ranks[input]) ? input : nil
    }

    // MARK: Constants

    /// The one number that a constant holds. One with axes of its own, even of extent 1, could raise the
    /// rank of the other operand; up to one axis changes nothing where the other operand is no scalar.
    func number(_ value: ValueID?) -> Float? {
        guard let value, let tensor = graph.constants[value]?.tensor, tensor.elementCount == 1, tensor.shape.rank <= 1
        else { return nil }
        return tensor.floats?[0]
    }

    func isNumber(_ value: ValueID?, _ wanted: Float, tolerance: Float = 1e-4) -> Bool {
        number(value).map { abs($0 - wanted) <= tolerance * abs(wanted) } ?? false
    }

    func integers(_ value: ValueID?) -> [Int]? { graph.constantIntegers(value) }

    /// The type of a constant, wherever its elements lie.
    func constantType(_ value: ValueID?) -> TensorType? { value.flatMap { graph.constants[$0]?.type } }

    /// What a slice takes of an operand with one axis of `length` elements, where it takes neighbours.
    static func sliceRange(_ node: Node, in graph: Graph, length: Int) -> Range<Int>? {
        guard case .slice(let slice) = node.operation else { return nil }
        let operands = node.inputs.enumerated().map { index, input -> Operands.Operand? in
            if index == 0 { return Operands.Operand(type: TensorType(.int64, Shape([length]))) }
            return input.flatMap { graph.constants[$0] }.map { Operands.Operand(type: $0.type, constant: $0.tensor) }
        }
        // An operand that is there and not constant would count as left out.
        guard zip(node.inputs, operands).allSatisfy({ ($0 == nil) == ($1 == nil) }),
            let range = try? slice.ranges(of: Operands(operands)).first, range.step == 1
        else { return nil }
        return range.start..<(range.start + range.count)
    }
}
