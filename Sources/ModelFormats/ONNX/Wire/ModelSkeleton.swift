internal import Tensors

/// The bytes of a model file without its large weights, and where in the file those lie, so that a 500 MB model is
/// parsed in a few hundred KB of memory.
///
/// A tensor whose elements were left out carries in its `segment` field, which no known tool writes, the place of its
/// payload in `payloads`.
struct ModelSkeleton {
    /// Elements left out: the bytes as they lie in the file, little endian.
    struct Payload {
        enum Field {
            case raw, float, double
            /// Numbers of a variable number of bytes each.
            case int32, int64, uint64
        }

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
    /// Nodes of all graphs together.
    private static let nodeLimit = 1 << 20
    /// Fields with a length. An empty one takes two bytes of a file, and hundreds once it is parsed.
    private static let fieldLimit = 1 << 23
    /// Bytes of one field that holds no elements of a tensor: a name, a list of numbers, a type.
    private static let fieldSizeLimit = 1 << 26
    /// Bytes of everything but the elements of tensors, and of those that are kept here.
    private static let structureLimit = 1 << 28
    private static let elementLimit = 1 << 30

    private var nodeCount = 0
    private var fieldCount = 0
    private var structureSize = 0
    private var elementSize = 0

    private var reader: WireReader
    private let payloadLimit: Int

    /// - Parameter payloadLimit: elements of this many bytes or fewer stay in the skeleton.
    init(path: String, payloadLimit: Int) throws(ModelError) {
        reader = try WireReader(path: path)
        self.payloadLimit = payloadLimit
        bytes = try message(.model, end: reader.size, depth: 0)
    }

    /// The messages that lead from the model to its tensors, and which of their fields lead on.
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

        /// Fields that no inference needs: what training took, which may be as large as the weights, and words for
        /// readers.
        func isDropped(_ field: UInt64) -> Bool {
            switch (self, field) {
            case (.model, 20), (.model, 6), (.graph, 10), (.node, 6), (.function, 8), (.attribute, 13), (.tensor, 12):
                true
            default: false
            }
        }

        func payload(_ field: UInt64) -> Payload.Field? {
            switch (self, field) {
            case (.tensor, 9): .raw
            case (.tensor, 4): .float
            case (.tensor, 10): .double
            case (.tensor, 5): .int32
            case (.tensor, 7): .int64
            case (.tensor, 11): .uint64
            default: nil
            }
        }
    }

    /// Checks a field with a length against what a model may have, before anything is allocated for it.
    private mutating func count(_ kind: Message, _ field: UInt64, _ length: Int) throws(ModelError) {
        fieldCount += 1
        if kind.inner(field) == .node { nodeCount += 1 }
        guard nodeCount <= ModelSkeleton.nodeLimit else {
            throw reader.error("more than \(ModelSkeleton.nodeLimit) nodes; split the model")
        }
        guard fieldCount <= ModelSkeleton.fieldLimit else {
            throw reader.error("more than \(ModelSkeleton.fieldLimit) fields; split the model")
        }
        guard kind.inner(field) == nil, !kind.isDropped(field) else { return }
        if kind.payload(field) != nil {
            elementSize += length > payloadLimit ? 0 : length
            guard elementSize <= ModelSkeleton.elementLimit else {
                throw reader.error(
                    "small tensors of more than \(ModelSkeleton.elementLimit >> 20) MiB together; store them in fewer and "
                        + "larger ones")
            }
            return
        }
        structureSize += length
        guard length <= ModelSkeleton.fieldSizeLimit, structureSize <= ModelSkeleton.structureLimit else {
            throw reader.error(
                "a field of \(length) bytes that is no tensor, and at most \(ModelSkeleton.fieldSizeLimit >> 20) MiB are "
                    + "taken for one and \(ModelSkeleton.structureLimit >> 20) MiB for all; the file is damaged, or its "
                    + "tensors must be stored as initializers")
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
                try count(kind, field, length)
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
