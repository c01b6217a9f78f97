public import Tensors

/// Reduces each window of [batch, channels, spatial...] to one element: its maximum, its average, or its p-norm.
public struct Pooling: OperatorAttributes {
    public enum Kind: Hashable, Codable, Sendable {
        /// Output 1, where needed, holds the index of each maximum in the input, int64.
        case maximum(columnMajorIndices: Bool)
        /// Whether padding cells count as zeros or not at all.
        case average(countsPadding: Bool)
        case norm(p: Int)
    }

    public var kind: Kind
    public var kernel: [Int]
    public var window: SpatialWindow
    public var roundsUp: Bool

    public init(kind: Kind, kernel: [Int], window: SpatialWindow, roundsUp: Bool = false) {
        self.kind = kind
        self.kernel = kernel
        self.window = window
        self.roundsUp = roundsUp
    }

    public var alwaysMakesFirst: Bool { true }

    public var operatorName: String {
        switch kind {
        case .maximum: "MaxPool"
        case .average: "AveragePool"
        case .norm: "LpPool"
        }
    }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        try window.validate(kernel: kernel, inputRank: input.shape.rank)
        var dimensions = [input.shape[0], input.shape[1]]
        for axis in kernel.indices {
            dimensions.append(
                try window.outputExtent(
                    input: input.shape[axis + 2], kernel: kernel[axis], axis: axis, ceil: roundsUp))
        }
        let shape = try checkedShape(dimensions)
        if case .maximum = kind { return [TensorType(input.dtype, shape), TensorType(.int64, shape)] }
        return [TensorType(input.dtype, shape)]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        let relations = [.pointwise(0), .pointwise(1)] + window.spatialRelations(try operands.shape(0), kernel: kernel)
        return AxisRelations(operands, outputs: outputs.map { _ in [relations] })
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        Cost(
            flops: Double(outputs[0].shape.elementCount) * kernel.reduce(1.0) { $0 * Double($1) },
            bytes: Cost.traffic(operands, [outputs[0]]))
    }
}
