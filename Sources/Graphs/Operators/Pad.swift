public import Tensors

/// Adds cells around a tensor, or takes some away where a count is negative. Operands: data, pads (before all axes,
/// then after all axes), value (optional scalar), axes (optional).
public struct Pad: OperatorAttributes {
    public enum Mode: String, Hashable, Codable, Sendable { case constant, reflect, edge, wrap }

    public var mode: Mode

    public init(mode: Mode = .constant) { self.mode = mode }

    public var operatorName: String { "Pad" }

    /// Cells before and after each axis of operand 0.
    public func pads(of operands: Operands) throws(InferenceError) -> (before: [Int], after: [Int]) {
        let shape = try operands.shape(0)
        let pads = try operands.integers(1)
        let axes = operands.has(3) ? try operands.integers(3) : Array(0..<shape.rank)
        guard pads.count == 2 * axes.count, pads.allSatisfy({ abs($0.clampedToInt32) < SpatialWindow.attributeLimit })
        else {
            throw .mismatch("\(pads.count) pads for \(axes.count) axes")
        }
        var before = [Int](repeating: 0, count: shape.rank)
        var after = before
        for (index, axis) in axes.enumerated() {
            let axis = try normalizedAxis(axis, rank: shape.rank)
            before[axis] = pads[index]
            after[axis] = pads[index + axes.count]
        }
        return (before, after)
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let (before, after) = try pads(of: operands)
        let dimensions = (0..<input.shape.rank).map { input.shape[$0] + before[$0] + after[$0] }
        let shape = try checkedShape(dimensions)
        if mode != .constant, shape.elementCount > 0, input.shape.elementCount == 0 {
            throw .mismatch("an empty tensor has no cells to repeat")
        }
        return [TensorType(input.dtype, shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let (before, after) = try pads(of: operands)
        let outside: AxisWindow.Outside =
            switch mode {
            case .constant: .nothing
            case .edge: .edge
            case .reflect: .mirrored
            case .wrap: .wrapped
            }
        let relations = before.indices.map { axis in
            let isCut = before[axis] <= 0 && after[axis] <= 0
            return AxisRelation.window(
                of: axis,
                AxisWindow(first: -before[axis], last: -before[axis], outside: isCut ? .nothing : outside))
        }
        return AxisRelations(operands, [relations])
    }
}

extension Int {
    fileprivate var clampedToInt32: Int { Swift.min(Swift.max(self, -(1 << 31)), 1 << 31) }
}
