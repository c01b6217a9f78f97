public import Tensors

/// The different elements of an operand, or the different slices along an axis. Outputs: these elements or slices; the
/// index of the first of each; for each element or slice its index among them; how often each occurs (all but the first
/// int64 [count]).
public struct Unique: OperatorAttributes {
    /// nil for the flattened operand.
    public var axis: Int?
    /// In ascending order, or in that of their first occurrence.
    public var isSorted: Bool

    public init(axis: Int? = nil, isSorted: Bool = true) {
        self.axis = axis
        self.isSorted = isSorted
    }

    public var operatorName: String { "Unique" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        if let axis { _ = try normalizedAxis(axis, rank: input.shape.rank) }
        throw .dataDependent
    }
}
