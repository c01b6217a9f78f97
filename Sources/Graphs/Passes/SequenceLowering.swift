internal import Tensors

/// Replaces sequences whose elements can be named before the run by these: what is read from a sequence just put
/// together needs no sequence.
enum SequenceLowering {
    /// The graph without what is read from such sequences, and how many nodes were replaced. The nodes that make them
    /// are left to dead code removal.
    static func apply(_ graph: Graph) -> (graph: Graph, count: Int) {
        guard graph.nodes.contains(where: { if case .sequence = $0.operation { true } else { false } }) else {
            return (graph, 0)
        }
        var lowering = Lowering(graph)
        for node in graph.nodes { lowering.take(node) }
        return (lowering.result, lowering.count)
    }
}

private struct Lowering {
    var result: Graph
    var count = 0
    /// The elements of sequences, where they can be named.
    private var elements: [ValueID: [ValueID]] = [:]
    /// The node that cuts a tensor to a sequence.
    private var cuts: [ValueID: Node] = [:]

    init(_ graph: Graph) {
        result = graph
        result.nodes = []
    }

    mutating func take(_ node: Node) {
        guard case .sequence(let sequence) = node.operation, let output = node.outputs.first ?? nil,
            let replacement = lowered(node, sequence.kind, output)
        else {
            result.nodes.append(node)
            return
        }
        result.nodes += replacement
        count += 1
    }

    /// The nodes that do without a sequence; nil where there are none. Notes what a sequence is made of.
    private mutating func lowered(_ node: Node, _ kind: SequenceOperator.Kind, _ output: ValueID) -> [Node]? {
        let list = (node.inputs.first ?? nil).flatMap { elements[$0] }
        switch kind {
        case .construct:
            let operands = node.inputs.compactMap(\.self)
            if operands.count == node.inputs.count { elements[output] = operands }
        case .empty: elements[output] = []
        case .insert:
            guard var list, node.inputs.count > 1, let element = node.inputs[1] else { return nil }
            guard let place = place(node, 2, count: list.count, default: list.count), place <= list.count else {
                return nil
            }
            list.insert(element, at: place)
            elements[output] = list
        case .erase:
            guard var list, let place = place(node, 1, count: list.count, default: list.count - 1),
                list.indices.contains(place)
            else { return nil }
            list.remove(at: place)
            elements[output] = list
        case .split: cuts[output] = node
        case .length:
            guard let list else { return nil }
            result.constants[output] = .tensor(Tensor(scalar: Int64(list.count)))
            return []
        case .element:
            if let list {
                guard let place = place(node, 1, count: list.count, default: nil), list.indices.contains(place) else {
                    return nil
                }
                return [
                    Node(name: node.name, operation: .identity(Identity()), inputs: [list[place]], outputs: [output])
                ]
            }
            return piece(node, output)
        case .concatenate(let axis, let addsAxis):
            guard let list, !list.isEmpty else { return nil }
            return concatenated(node, list, axis: axis, addsAxis: addsAxis)
        }
        return nil
    }

    /// A constant position from 0.
    private func place(_ node: Node, _ index: Int, count: Int, default standard: Int?) -> Int? {
        guard index < node.inputs.count, let value = node.inputs[index] else { return standard }
        guard let place = result.constantIntegers(value)?.first else { return nil }
        let fromStart = place < 0 ? place &+ count : place
        return fromStart >= 0 ? fromStart : nil
    }

    private mutating func constant(_ node: Node, _ suffix: String, _ integers: [Int], isScalar: Bool = false) -> ValueID
    {
        let tensor = Tensor(integers.map(Int64.init), shape: isScalar ? [] : [integers.count])
        return result.addConstant(named: "\(node.name)/\(suffix)", .tensor(tensor))
    }

    /// One of the equal pieces that a tensor is cut into.
    private mutating func piece(_ node: Node, _ output: ValueID) -> [Node]? {
        guard let cut = (node.inputs.first ?? nil).flatMap({ cuts[$0] }), let data = cut.inputs[0],
            case .sequence(let sequence) = cut.operation, case .split(let axis, let keepsAxis) = sequence.kind,
            node.inputs.count > 1, let place = result.constantIntegers(node.inputs[1])?.first
        else { return nil }
        let operation: Operation
        let operands: [ValueID]
        if cut.inputs.count > 1, let lengths = cut.inputs[1] {
            guard let type = result.constants[lengths]?.type, type.shape.rank == 0,
                let length = result.constantIntegers(lengths)?.first, length > 0,
                place >= 0, place < 1 << 31, length < 1 << 31
            else { return nil }
            operation = .slice(Slice())
            operands = [
                data, constant(node, "start", [place * length]), constant(node, "end", [(place + 1) * length]),
                constant(node, "axis", [axis]),
            ]
        } else {
            operation = .gather(Gather(axis: axis))
            operands = [data, constant(node, "index", [place], isScalar: !keepsAxis)]
        }
        return [Node(name: node.name, operation: operation, inputs: operands, outputs: [output])]
    }

    private mutating func concatenated(_ node: Node, _ list: [ValueID], axis: Int, addsAxis: Bool) -> [Node] {
        guard addsAxis else {
            return [
                Node(
                    name: node.name, operation: .concatenation(Concatenation(axis: axis)), inputs: list,
                    outputs: node.outputs)
            ]
        }
        let axes = constant(node, "axes", [axis])
        var nodes: [Node] = []
        for (index, element) in list.enumerated() {
            let name = "\(node.name)/\(index)"
            let wider = result.addValue(named: name)
            nodes.append(
                Node(name: name, operation: .unsqueeze(Unsqueeze()), inputs: [element, axes], outputs: [wider]))
        }
        return nodes
            + [
                Node(
                    name: node.name, operation: .concatenation(Concatenation(axis: axis)),
                    inputs: nodes.map { $0.outputs[0] }, outputs: node.outputs)
            ]
    }
}
