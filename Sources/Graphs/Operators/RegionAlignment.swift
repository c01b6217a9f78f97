public import Tensors

/// Pools rectangles of feature maps to one size, sampling between cells. Operands: maps [batch, channels, height, width],
/// regions [count, 4] (x and y of two corners), image of each region [count] (int64).
public struct RegionAlignment: OperatorAttributes {
    public enum Mode: String, Hashable, Codable, Sendable {
        case average = "avg"
        case maximum = "max"
    }
    public enum Coordinates: String, Hashable, Codable, Sendable {
        case halfPixel = "half_pixel"
        case outputHalfPixel = "output_half_pixel"
    }

    public var height: Int
    public var width: Int
    public var mode: Mode
    public var coordinates: Coordinates
    /// Samples along each side of a bin; 0 for as many as it has cells.
    public var samples: Int
    /// The factor from the regions' coordinates to those of the maps.
    public var scale: Float

    public init(
        height: Int = 1, width: Int = 1, mode: Mode = .average, coordinates: Coordinates = .halfPixel, samples: Int = 0,
        scale: Float = 1
    ) {
        self.height = height
        self.width = width
        self.mode = mode
        self.coordinates = coordinates
        self.samples = samples
        self.scale = scale
    }

    public var operatorName: String { "RoiAlign" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let maps = try operands.type(0)
        let regions = try operands.type(1)
        let images = try operands.type(2)
        guard maps.shape.rank == 4, regions.shape.rank == 2, regions.shape[1] == 4, regions.dtype == maps.dtype,
            images == TensorType(.int64, [regions.shape[0]]), samples >= 0
        else { throw .mismatch("regions \(regions) of images \(images) do not address \(maps)") }
        return [TensorType(maps.dtype, try checkedShape([regions.shape[0], maps.shape[1], height, width]))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(
            operands,
            [[.gathered, .pointwise(1), .gathered, .gathered], [.pointwise(0), .reduced], [.pointwise(0)]])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(
            flops: Double(outputs[0].shape.elementCount) * 8 * Double(max(samples * samples, 4)),
            bytes: Cost.traffic(operands, outputs))
    }
}
