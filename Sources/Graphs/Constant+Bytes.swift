internal import FoundationEssentials
internal import Tensors

/// The bytes of a tensor as coders write them: one block, not one number per byte.
struct ByteBlock: Codable {
    let data: Data

    init(_ tensor: Tensor) { data = tensor.withBytes { Data($0) } }
    init(from decoder: any Decoder) throws { data = try Data(from: decoder) }
    func encode(to encoder: any Encoder) throws { try data.encode(to: encoder) }
}

extension Tensor {
    init(type: TensorType, bytes: ByteBlock) throws {
        guard bytes.data.count == type.byteCount else {
            throw GraphError("a constant of \(type) needs \(type.byteCount) bytes and has \(bytes.data.count)")
        }
        self.init(uninitialized: type.dtype, shape: type.shape)
        withMutableBytes { destination in _ = bytes.data.copyBytes(to: destination) }
    }
}
