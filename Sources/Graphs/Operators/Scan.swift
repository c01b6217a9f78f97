public import Tensors

/// Runs a body once for each index of an axis of the scanned operands.
///
/// Operands: the first values of `stateCount` states, the scanned tensors, then the other values that the body takes;
/// the body's parameters are the same with slices in place of the scanned tensors. Its outputs: the states, and what is
/// stacked along a new axis. The scan's outputs: the last states, then the stacks.
public struct Scan: OperatorAttributes {
    /// How one operand is cut into slices, or slices are put together.
    public struct Direction: Hashable, Codable, Sendable {
        public var axis: Int
        public var isReversed: Bool

        public init(axis: Int = 0, isReversed: Bool = false) {
            self.axis = axis
            self.isReversed = isReversed
        }
    }

    public var body: Graph
    public var stateCount: Int
    /// One for each scanned operand.
    public var inputs: [Direction]
    /// One for each stack.
    public var outputs: [Direction]

    public init(body: Graph, stateCount: Int, inputs: [Direction], outputs: [Direction]) {
        self.body = body
        self.stateCount = stateCount
        self.inputs = inputs
        self.outputs = outputs
    }

    public var operatorName: String { "Scan" }

    /// `BoundGraph` looks into the body itself.
    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] { throw .dataDependent }

    /// How often the body runs, and the types of the slices, as far as the types of the scanned operands are known.
    public func slices(
        of scanned: [TensorType?]
    ) throws(InferenceError) -> (count: Int?, types: [TensorType?]) {
        var count: Int?
        var types: [TensorType?] = []
        for (type, direction) in zip(scanned, inputs) {
            guard let type else {
                types.append(nil)
                continue
            }
            let axis = try normalizedAxis(direction.axis, rank: type.shape.rank)
            let extent = type.shape[axis]
            guard count ?? extent == extent else {
                throw .mismatch("the scanned operands have \(count ?? 0) and \(extent) slices")
            }
            count = extent
            var dimensions = type.shape.dimensions
            dimensions.remove(at: axis)
            types.append(TensorType(type.dtype, try checkedShape(dimensions)))
        }
        return (count, types)
    }

    /// The type of a stack of `count` elements.
    public func stack(
        _ index: Int, of element: TensorType, count: Int
    ) throws(InferenceError) -> TensorType {
        let axis = try normalizedAxis(outputs[index].axis, rank: element.shape.rank + 1)
        var dimensions = element.shape.dimensions
        dimensions.insert(count, at: axis)
        return TensorType(element.dtype, try checkedShape(dimensions))
    }
}
