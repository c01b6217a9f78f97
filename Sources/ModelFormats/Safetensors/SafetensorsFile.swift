internal import FoundationEssentials
internal import Tensors

/// A file in the safetensors format (https://huggingface.co/docs/safetensors): the length of a JSON header in 8 bytes,
/// little endian; the header; the elements of all tensors, one after another. Only the header is read here.
struct SafetensorsFile {
    struct Entry {
        let type: TensorType
        let region: FileRegion
        /// Where the header names the tensor, in bytes from the start of the file.
        let headerOffset: Int
    }

    let path: String
    /// By the tensors' names.
    let entries: [String: Entry]

    /// The most bytes that the format allows a header to have.
    static let headerLimit = 100_000_000

    /// Reads the header and checks all of it: every tensor must lie in the file, have the bytes that its dtype and
    /// shape need, overlap no other, and together they must cover the file to its end.
    init(path: String) throws(ModelError) {
        self.path = path
        let size = try WireReader(path: path).size
        guard size >= 8 else {
            throw ModelError(
                path: path, offset: size, reason: "the file has \(size) bytes, and the length of the header takes 8")
        }
        let length = try SafetensorsFile.headerLength(path: path)
        guard length <= UInt64(min(size - 8, SafetensorsFile.headerLimit)) else {
            throw ModelError(
                path: path, offset: 0,
                reason: length > UInt64(SafetensorsFile.headerLimit)
                    ? "a header of \(length) bytes, and the format allows \(SafetensorsFile.headerLimit); "
                        + "this is no safetensors file"
                    : "a header of \(length) bytes in a file with \(size - 8) left; it is cut off or no safetensors file"
            )
        }
        let file = try JSONFile(path: path, offset: 8, byteCount: Int(length))
        let header = try file.decode(Header.self)
        let offsets = try file.requireDistinctKeys(naming: "tensors")
        let dataStart = 8 + Int(length)
        var entries: [String: Entry] = [:]
        for (name, tensor) in header.tensors {
            entries[name] = try SafetensorsFile.entry(
                tensor, name: name, path: path, headerOffset: offsets[name] ?? 8, data: dataStart..<size)
        }
        self.entries = entries
        try requireCover(of: dataStart..<size)
    }

    private static func headerLength(path: String) throws(ModelError) -> UInt64 {
        do throws(FileError) {
            let bytes = try FileRegion(path: path, offset: 0, byteCount: 8).bytes()
            return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        } catch {
            throw ModelError(path: path, offset: error.offset, reason: error.reason)
        }
    }

    private static func entry(
        _ tensor: Header.Tensor, name: String, path: String, headerOffset: Int, data: Range<Int>
    ) throws(ModelError) -> Entry {
        func error(_ reason: String) -> ModelError {
            ModelError(path: path, offset: headerOffset, reason: "tensor '\(name)': \(reason)")
        }
        guard let dtype = SafetensorsDType.table[tensor.dtype] else {
            let known = SafetensorsDType.table.keys.sorted().joined(separator: ", ")
            throw error("dtype '\(tensor.dtype)' is none that mpinfer reads (\(known))")
        }
        func integers(_ numbers: [Header.Number], _ what: String) throws(ModelError) -> [Int] {
            let integers = numbers.compactMap(\.integer)
            guard integers.count == numbers.count else {
                throw error("\(what) \(numbers.map(\.text)) are no whole numbers that a file can have")
            }
            return integers
        }
        let extents = try integers(tensor.shape, "the extents")
        guard let shape = Shape(checking: extents) else { throw error("the extents \(extents) are impossible") }
        let offsets = try integers(tensor.dataOffsets, "data_offsets")
        guard offsets.count == 2 else { throw error("data_offsets must be two numbers, found \(offsets.count)") }
        let (begin, end) = (offsets[0], offsets[1])
        guard begin >= 0, begin <= end else { throw error("it begins at \(begin) of the data and ends at \(end)") }
        guard end <= data.count else {
            throw error("it ends at \(end) of the data, and the file has \(data.count) bytes of them")
        }
        let type = TensorType(dtype, shape)
        guard type.byteCount == end - begin else {
            throw error("\(type) takes \(type.byteCount) bytes, and \(begin)..\(end) are \(end - begin)")
        }
        let region = FileRegion(path: path, offset: data.lowerBound + begin, byteCount: end - begin)
        return Entry(type: type, region: region, headerOffset: headerOffset)
    }

    /// Throws where two tensors share bytes, or bytes belong to none.
    private func requireCover(of data: Range<Int>) throws(ModelError) {
        let ordered = entries.sorted {
            ($0.value.region.offset, $0.value.region.byteCount, $0.key)
                < ($1.value.region.offset, $1.value.region.byteCount, $1.key)
        }
        var position = data.lowerBound
        var last = ""
        for (name, entry) in ordered {
            let start = entry.region.offset
            guard start >= position else {
                throw ModelError(
                    path: path, offset: entry.headerOffset,
                    reason: "tensor '\(name)' begins at byte \(start), and tensor '\(last)' goes on to byte \(position)"
                )
            }
            guard start == position else {
                throw ModelError(
                    path: path, offset: entry.headerOffset,
                    reason: "tensor '\(name)' begins at byte \(start), and the bytes from \(position) on belong to none"
                )
            }
            position += entry.region.byteCount
            last = name
        }
        guard position == data.upperBound else {
            throw ModelError(
                path: path, offset: position,
                reason: "the tensors end at byte \(position), and the file has \(data.upperBound) bytes")
        }
    }
}

/// The element types of the format that are a `DType` too, by the names that it has for them.
enum SafetensorsDType {
    static let table: [String: DType] = [
        "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16,
        "I64": .int64, "I32": .int32, "I16": .int16, "I8": .int8,
        "U64": .uint64, "U32": .uint32, "U16": .uint16, "U8": .uint8, "BOOL": .bool,
    ]
}

/// The JSON of a header: a tensor under each key, except for one that holds remarks.
private struct Header: Decodable {
    struct Tensor: Decodable {
        let dtype: String
        let shape: [Number]
        let dataOffsets: [Number]

        private enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    /// A number as it is written there: the decoder's own error for a fraction does not say where it is.
    struct Number: Decodable {
        let integer: Int?
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let integer = try? container.decode(Int.self) {
                self.integer = integer
                text = String(integer)
            } else {
                integer = nil
                text = String(try container.decode(Double.self))
            }
        }
    }

    let tensors: [String: Tensor]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        var tensors: [String: Tensor] = [:]
        for key in container.allKeys {
            if key.stringValue == "__metadata__" {
                _ = try container.decode([String: String].self, forKey: key)
            } else {
                tensors[key.stringValue] = try container.decode(Tensor.self, forKey: key)
            }
        }
        self.tensors = tensors
    }
}
