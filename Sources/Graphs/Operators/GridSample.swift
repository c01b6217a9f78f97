public import Tensors

/// Samples [batch, channels, spatial...] at the points of a grid [batch, out spatial..., spatial axes] (operand 1)
/// whose coordinates run from -1 to 1, the last spatial axis first.
public struct GridSample: OperatorAttributes {
    public enum Mode: String, Hashable, Codable, Sendable { case nearest, linear, cubic }
    public enum Padding: String, Hashable, Codable, Sendable { case zeros, border, reflection }

    public var mode: Mode
    public var padding: Padding
    /// Whether -1 and 1 are the centres of the outermost cells, not their outer edges.
    public var alignsCorners: Bool

    public init(mode: Mode = .linear, padding: Padding = .zeros, alignsCorners: Bool = false) {
        self.mode = mode
        self.padding = padding
        self.alignsCorners = alignsCorners
    }

    public var operatorName: String { "GridSample" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        let grid = try operands.shape(1)
        guard input.shape.rank >= 3, grid.rank == input.shape.rank, grid[0] == input.shape[0],
            grid[grid.rank - 1] == input.shape.rank - 2
        else { throw .mismatch("a grid of \(grid) does not address \(input.shape)") }
        let dimensions = [input.shape[0], input.shape[1]] + grid.dimensions[1..<(grid.rank - 1)]
        return [TensorType(input.dtype, try checkedShape(dimensions))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let spatial = 2..<outputs[0].shape.rank
        return AxisRelations(
            operands,
            [
                [.pointwise(0), .pointwise(1)] + spatial.map { _ in .gathered },
                [.pointwise(0)] + spatial.map(AxisRelation.pointwise) + [.reduced],
            ])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        let taps: Double = mode == .nearest ? 1 : mode == .linear ? 8 : 40
        return Cost(flops: Double(outputs[0].shape.elementCount) * taps, bytes: Cost.traffic(operands, outputs))
    }
}
