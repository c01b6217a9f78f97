public import Tensors

/// The extents of an operand, or of a range of its axes, as int64; or the count of its elements as a scalar.
public struct ShapeOf: OperatorAttributes {
    public enum Kind: Hashable, Codable, Sendable {
        case extents(start: Int, end: Int?)
        case elementCount
    }

    public var kind: Kind

    public init(_ kind: Kind = .extents(start: 0, end: nil)) { self.kind = kind }

    public var operatorName: String { kind == .elementCount ? "Size" : "Shape" }

    private func elements(of shape: Tensors.Shape) -> [Int64]? {
        guard case .extents(let start, let end) = kind else { return nil }
        func clamp(_ axis: Int) -> Int {
            min(max(axis < 0 ? axis.addingReportingOverflow(shape.rank).partialValue : axis, 0), shape.rank)
        }
        let first = clamp(start)
        let last = max(first, clamp(end ?? shape.rank))
        return shape.dimensions[first..<last].map(Int64.init)
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let shape = try operands.shape(0)
        return [TensorType(.int64, elements(of: shape).map { [$0.count] } ?? [])]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(operands, [nil])
    }

    public func outputsKnown(from operands: Operands) -> [Tensor]? {
        guard let shape = try? operands.shape(0) else { return nil }
        return [elements(of: shape).map { Tensor($0) } ?? Tensor(scalar: Int64(shape.elementCount))]
    }
}
