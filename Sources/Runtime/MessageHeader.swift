internal import Tensors

/// Describes the tensor that follows, on edges whose values have a shape that is known only during the run. Receivers
/// must know the size of a message before they post its receive.
enum MessageHeader {
    /// Axes that a header has room for.
    static let rankLimit = 14
    /// [dtype, rank, extents...]
    static let type = TensorType(.int64, [rankLimit + 2])

    /// Fills a header tensor.
    /// - Throws: for a tensor with more axes than there is room for.
    static func write(_ tensor: TensorType, into header: Tensor) throws(MessageHeaderError) {
        guard tensor.shape.rank <= rankLimit else {
            throw MessageHeaderError("\(tensor) has \(tensor.shape.rank) axes; at most \(rankLimit) can be sent")
        }
        var fields = [Int64](repeating: 0, count: rankLimit + 2)
        fields[0] = Int64(DType.allCases.firstIndex(of: tensor.dtype)!)
        fields[1] = Int64(tensor.shape.rank)
        for (axis, extent) in tensor.shape.dimensions.enumerated() { fields[axis + 2] = Int64(extent) }
        header.assign(bitsOf: fields)
    }

    static func read(_ header: Tensor) throws(MessageHeaderError) -> TensorType {
        let fields = header.elements(of: Int64.self).map(Int.init)
        guard DType.allCases.indices.contains(fields[0]), (0...rankLimit).contains(fields[1]),
            let shape = Shape(checking: Array(fields[2..<2 + fields[1]]))
        else { throw MessageHeaderError("a message's header is damaged: \(fields)") }
        return TensorType(DType.allCases[fields[0]], shape)
    }
}

/// A tensor that cannot be announced, or an announcement that makes no sense.
struct MessageHeaderError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
