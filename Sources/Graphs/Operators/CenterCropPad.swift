public import Tensors

/// Cuts out the middle, or adds zeros around it, so that some axes have the extents in operand 1.
public struct CenterCropPad: OperatorAttributes {
    /// The axes that operand 1 describes; all when nil.
    public var axes: [Int]?

    public init(axes: [Int]? = nil) { self.axes = axes }

    /// The operand's index that becomes index 0 of an axis; negative where cells are added. An odd cell is added, or
    /// removed, at the end.
    public func shift(from extent: Int, to target: Int) -> Int {
        extent >= target ? (extent - target) / 2 : -((target - extent) / 2)
    }

    public var operatorName: String { "CenterCropPad" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let extents = try operands.integers(1)
        let axes = axes ?? Array(0..<input.shape.rank)
        guard axes.count == extents.count else {
            throw .mismatch("\(extents.count) extents for \(axes.count) axes")
        }
        var dimensions = input.shape.dimensions
        for (axis, extent) in zip(axes, extents) {
            dimensions[try normalizedAxis(axis, rank: input.shape.rank)] = extent
        }
        return [TensorType(input.dtype, try checkedShape(dimensions))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let input = try operands.shape(0)
        let relations = input.dimensions.indices.map { axis in
            AxisRelation.window(of: axis, .shifted(by: shift(from: input[axis], to: outputs[0].shape[axis])))
        }
        return AxisRelations(operands, [relations])
    }
}
