internal import Graphs
internal import Tensors

extension ONNXNode {
    /// The two operands of an element-wise operator. Before opset 7 the second one's first axis could be aligned with
    /// any axis of the first operand; from then on shapes align at their last axis.
    func broadcastOperands(_ assembly: inout GraphAssembly) throws(ConversionError) -> [ValueID?] {
        let (left, right) = (try requiredInput(0), try requiredInput(1))
        guard version < 7 else { return [left, right] }
        ignore("broadcast")
        guard let axis = try int("axis") else { return [left, right] }
        return [left, try assembly.aligned(self, right, from: axis)]
    }
}

extension GraphAssembly {
    /// The second operand of a node with unit axes at its end, so that its first axis is aligned with `axis` of the
    /// first operand.
    mutating func aligned(_ node: ONNXNode, _ value: ValueID, from axis: Int) throws(ConversionError) -> ValueID {
        guard let rank = try ranks[node.requiredInput(0)], let own = ranks[value] else {
            throw .inexpressible("that broadcasts along axis \(axis) of an operand of unknown rank")
        }
        let missing = rank - (axis < 0 ? axis + rank : axis) - own
        guard missing >= 0, missing <= rank else {
            throw .malformed("axis \(axis) does not fit operands of \(rank) and \(own) axes")
        }
        guard missing > 0 else { return value }
        let axes = addConstant(node, "unit_axes", Array(own..<(own + missing)))
        return emit(node, "aligned", .unsqueeze(Unsqueeze()), [value, axes])
    }
}
