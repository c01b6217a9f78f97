public import Tensors

/// Boxes that remain when those that overlap a better one too much are dropped, for each batch and class: int64
/// [count, 3] of batch, class and box index.
///
/// Operands: boxes [batch, boxes, 4], scores [batch, classes, boxes]; optional scalars: the most boxes per class (0,
/// the default, for none), the overlap (intersection over union) above which a box is dropped, the least score.
public struct NonMaxSuppression: OperatorAttributes {
    /// Boxes are (centre x, centre y, width, height); two opposite corners (y, x, y, x) otherwise.
    public var boxesHaveCenters: Bool

    public init(boxesHaveCenters: Bool = false) { self.boxesHaveCenters = boxesHaveCenters }

    public var operatorName: String { "NonMaxSuppression" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let (boxes, scores) = (try operands.type(0), try operands.type(1))
        guard boxes.dtype == .float32, scores.dtype == .float32, boxes.shape.rank == 3, scores.shape.rank == 3,
            boxes.shape[2] == 4, boxes.shape[0] == scores.shape[0], boxes.shape[1] == scores.shape[2]
        else {
            throw .mismatch(
                "boxes must be float32 [batch, boxes, 4] and scores float32 [batch, classes, boxes], not \(boxes) and "
                    + "\(scores)")
        }
        for (index, dtype) in [(2, DType.int64), (3, .float32), (4, .float32)] where operands.has(index) {
            let type = try operands.type(index)
            guard type.dtype == dtype, type.shape.elementCount == 1 else {
                throw .mismatch("operand \(index) must be one \(dtype), not \(type)")
            }
        }
        throw .dataDependent
    }
}
