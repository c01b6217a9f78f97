public import Tensors

/// The maxima of rectangles of feature maps, each cut into a grid of bins. Operands: maps [batch, channels, height, width],
/// regions [count, 5] (image, x and y of two corners).
public struct RegionPooling: OperatorAttributes {
    public var height: Int
    public var width: Int
    /// The factor from the regions' coordinates to those of the maps.
    public var scale: Float

    public init(height: Int, width: Int, scale: Float = 1) {
        self.height = height
        self.width = width
        self.scale = scale
    }

    public var operatorName: String { "MaxRoiPool" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let maps = try operands.type(0)
        let regions = try operands.type(1)
        guard maps.shape.rank == 4, regions.shape.rank == 2, regions.shape[1] == 5, regions.dtype == maps.dtype else {
            throw .mismatch("regions \(regions) do not address \(maps)")
        }
        return [TensorType(maps.dtype, try checkedShape([regions.shape[0], maps.shape[1], height, width]))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(operands, [[.gathered, .pointwise(1), .gathered, .gathered], [.pointwise(0), .reduced]])
    }
}
