public import Tensors

/// Every step-th index between start and end of some axes. Operands: data, starts, ends, axes, steps; all but the first
/// constant, the last two optional. Bounds are clamped and count from the end when negative, as in NumPy.
public struct Slice: OperatorAttributes {
    public init() {}

    /// What is taken of one axis.
    public struct AxisRange: Hashable, Sendable {
        public var start: Int
        public var step: Int
        public var count: Int
    }

    public var operatorName: String { "Slice" }

    /// What is taken of every axis of operand 0.
    public func ranges(of operands: Operands) throws(InferenceError) -> [AxisRange] {
        let shape = try operands.shape(0)
        let starts = try operands.integers(1)
        let ends = try operands.integers(2)
        let axes = operands.has(3) ? try operands.integers(3) : Array(0..<starts.count)
        let steps = operands.has(4) ? try operands.integers(4) : [Int](repeating: 1, count: starts.count)
        guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
            throw .mismatch("\(starts.count) starts, \(ends.count) ends, \(axes.count) axes, \(steps.count) steps")
        }
        var ranges = shape.dimensions.map { AxisRange(start: 0, step: 1, count: $0) }
        for index in starts.indices {
            let axis = try normalizedAxis(axes[index], rank: shape.rank)
            let extent = shape[axis]
            let step = steps[index]
            guard step != 0 else { throw .mismatch("a step of 0 on axis \(axis)") }
            func clamp(_ bound: Int, _ limits: ClosedRange<Int>) -> Int {
                // Saturating, since models write Int.min and Int.max for "to the end of the axis".
                let position = bound < 0 ? (bound < -extent ? -1 : bound + extent) : bound
                return Swift.min(Swift.max(position, limits.lowerBound), limits.upperBound)
            }
            if step > 0 {
                let start = clamp(starts[index], 0...extent)
                let end = clamp(ends[index], 0...extent)
                let distance = Swift.max(0, end - start)
                ranges[axis] = AxisRange(
                    start: start, step: step, count: distance == 0 ? 0 : (distance - 1) / step + 1)
            } else {
                let start = clamp(starts[index], -1...(extent - 1))
                let end = clamp(ends[index], -1...(extent - 1))
                let distance = Swift.max(0, start - end)
                let magnitude = step == Int.min ? Int.max : -step
                ranges[axis] = AxisRange(
                    start: Swift.max(start, 0), step: -magnitude,
                    count: distance == 0 ? 0 : (distance - 1) / magnitude + 1)
            }
        }
        return ranges
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let ranges = try ranges(of: operands)
        return [TensorType(try operands.type(0).dtype, Shape(ranges.map(\.count)))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let relations = try ranges(of: operands).enumerated().map { axis, range in
            AxisRelation.window(of: axis, AxisWindow(step: range.step, first: range.start, last: range.start))
        }
        return AxisRelations(operands, [relations])
    }
}
