internal import Tensors

/// The bytes of a model file without its large weights, and where in the file those lie, so that a 500 MB model is
/// parsed in a few hundred KB of memory.
///
/// A tensor whose elements were left out carries in its `segment` field, which no known tool writes, the place of its
/// payload in `payloads`.
struct ModelSkeleton {
    /// Elements left out: the bytes as they lie in the file, little endian.
    struct Payload {
        enum Field { case raw, float, double }
        var field: Field
        var region: FileRegion
    }

    private(set) var bytes: [UInt8] = []
    private(set) var payloads: [Payload] = []

    /// What a model keeps in memory of each tensor: enough for anything that decides shapes, and for the vectors that
    /// are folded into weights.
    static let standardPayloadLimit = 16 << 10
    /// Subgraphs within subgraphs.
    private static let depthLimit = 48

    private var reader: WireReader
    private let payloadLimit: Int

    /// - Parameter payloadLimit: elements of this many bytes or fewer stay in the skeleton.
    init(path: String, payloadLimit: Int) throws(ModelError) {
        reader = try WireReader(path: path)
        self.payloadLimit = payloadLimit
        bytes = try message(.model, end: reader.size, depth: 0)
    }

    /// The messages on the way from the model to its tensors, and which of their fields lead on.
    private enum Message {
        case model, graph, function, node, attribute, sparseTensor, tensor

        func inner(_ field: UInt64) -> Message? {
            switch (self, field) {
            case (.model, 7): .graph
            case (.model, 25): .function
            case (.graph, 1), (.function, 7): .node
            case (.graph, 5): .tensor
            case (.graph, 15): .sparseTensor
            case (.node, 5): .attribute
            case (.attribute, 5), (.attribute, 10): .tensor
            case (.attribute, 6), (.attribute, 11): .graph
            case (.attribute, 22), (.attribute, 23): .sparseTensor
            case (.sparseTensor, 1), (.sparseTensor, 2): .tensor
            default: nil
            }
        }

        /// Fields that no inference needs and that may be as large as the weights.
        func isDropped(_ field: UInt64) -> Bool { self == .model && field == 20 }

        func payload(_ field: UInt64) -> Payload.Field? {
            switch (self, field) {
            case (.tensor, 9): .raw
            case (.tensor, 4): .float
            case (.tensor, 10): .double
            default: nil
            }
        }
    }

    private mutating func message(_ kind: Message, end: Int, depth: Int) throws(ModelError) -> [UInt8] {
        guard depth < ModelSkeleton.depthLimit else { throw reader.error("graphs nested too deeply") }
        var result: [UInt8] = []
        var payload: Int?
        while reader.position < end {
            let (field, type, key) = try reader.key()
            if kind == .tensor, field == 3 { throw reader.error("a tensor in segments, which is not supported") }
            switch type {
            case .varint:
                result.append(varint: key)
                result.append(varint: try reader.varint())
            case .fixed32, .fixed64:
                let count = type == .fixed32 ? 4 : 8
                guard count <= end - reader.position else { throw reader.error("a number that is cut off") }
                result.append(varint: key)
                try reader.copy(count, to: &result)
            case .delimited:
                let length = try reader.length(within: end)
                if kind.isDropped(field) {
                    reader.skip(length)
                } else if let inner = kind.inner(field) {
                    let bytes = try message(inner, end: reader.position + length, depth: depth + 1)
                    result.append(varint: key)
                    result.append(varint: UInt64(bytes.count))
                    result += bytes
                } else if let field = kind.payload(field), length > payloadLimit {
                    guard payload == nil else { throw reader.error("a tensor's elements in more than one piece") }
                    payload = payloads.count
                    payloads.append(
                        Payload(
                            field: field,
                            region: FileRegion(path: reader.path, offset: reader.position, byteCount: length)))
                    reader.skip(length)
                } else {
                    result.append(varint: key)
                    result.append(varint: UInt64(length))
                    try reader.copy(length, to: &result)
                }
            }
            guard reader.position <= end else { throw reader.error("a field that exceeds its message") }
        }
        if let payload { result.append(segment: payload) }
        return result
    }
}

extension [UInt8] {
    fileprivate mutating func append(varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// `TensorProto.segment`, with its `begin` set.
    fileprivate mutating func append(segment begin: Int) {
        var inner: [UInt8] = [0x08]
        inner.append(varint: UInt64(begin))
        append(0x1A)
        append(varint: UInt64(inner.count))
        self += inner
    }
}
