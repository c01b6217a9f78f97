public import Tensors

/// A value that is known before any input is: in memory as a tensor, or still in a file until the rank that needs
/// it reads it. A graph that holds only references is small, whatever the size of the model.
public enum Constant: Sendable {
    case tensor(Tensor)
    case file(FileRegion, TensorType)

    public var type: TensorType {
        switch self {
        case .tensor(let tensor): tensor.type
        case .file(_, let type): type
        }
    }

    /// The elements, where they are in memory.
    public var tensor: Tensor? {
        if case .tensor(let tensor) = self { tensor } else { nil }
    }

    /// The elements, read from the file when they lie there.
    public func load() throws(FileError) -> Tensor {
        switch self {
        case .tensor(let tensor): return tensor
        case .file(let region, let type):
            let tensor = Tensor(uninitialized: type.dtype, shape: type.shape)
            var failure: FileError?
            tensor.withMutableBytes { bytes in
                do throws(FileError) { try region.read(into: bytes) } catch { failure = error }
            }
            if let failure { throw failure }
            return tensor
        }
    }
}

extension Constant: Codable {
    private enum Key: String, CodingKey { case type, bytes, region }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let type = try container.decode(TensorType.self, forKey: .type)
        if let region = try container.decodeIfPresent(FileRegion.self, forKey: .region) {
            self = .file(region, type)
        } else {
            self = .tensor(try Tensor(type: type, bytes: container.decode(ByteBlock.self, forKey: .bytes)))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(type, forKey: .type)
        switch self {
        case .tensor(let tensor): try container.encode(ByteBlock(tensor), forKey: .bytes)
        case .file(let region, _): try container.encode(region, forKey: .region)
        }
    }
}
