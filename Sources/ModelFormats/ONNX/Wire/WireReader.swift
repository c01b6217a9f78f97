internal import FoundationEssentials
internal import Graphs
internal import Tensors

/// Reads the protocol buffers wire format from a file, a window at a time, so that what is skipped is never in memory
/// (https://protobuf.dev/programming-guides/encoding/).
///
/// `pread` underneath and no memory map: a file that shrinks meanwhile gives an error.
struct WireReader {
    enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case delimited = 2
        case fixed32 = 5
    }

    let path: String
    /// Bytes in the file.
    let size: Int
    /// Where the next byte is read.
    private(set) var position = 0
    private var window: [UInt8] = []
    private var windowStart = 0

    static let windowSize = 1 << 15

    /// - Parameter position: where reading begins, in bytes.
    init(path: String, position: Int = 0) throws(ModelError) {
        self.path = path
        self.position = position
        let attributes: [FileAttributeKey: Any]
        do {
            // Links are followed: a model in a cache is often one.
            let target = URL(filePath: path).resolvingSymlinksInPath().path
            attributes = try FileManager.default.attributesOfItem(atPath: target)
        } catch {
            throw ModelError(path: path, reason: "no such file, or it may not be read; check the path")
        }
        // A pipe would make us wait forever.
        guard attributes[.type] as? FileAttributeType == .typeRegular,
            let size = (attributes[.size] as? UInt).flatMap(Int.init(exactly:))
        else {
            throw ModelError(
                path: path, reason: "this is no regular file; a model is a file, or a folder with config.json")
        }
        self.size = size
    }

    /// The bytes from here on, at most `count`, moved into the window.
    private mutating func fill() throws(ModelError) {
        let count = min(WireReader.windowSize, size - position)
        guard count > 0 else { throw error("the file ends in the middle of a field; it is cut off or no ONNX model") }
        do throws(FileError) {
            window = try FileRegion(path: path, offset: position, byteCount: count).bytes()
        } catch {
            throw ModelError(path: path, offset: error.offset, reason: error.reason)
        }
        windowStart = position
    }

    mutating func byte() throws(ModelError) -> UInt8 {
        if position - windowStart >= window.count || position < windowStart { try fill() }
        let byte = window[position - windowStart]
        position += 1
        return byte
    }

    mutating func varint() throws(ModelError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let byte = try byte()
            // The tenth byte has room for one more bit.
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw error(
            "a number of more than 64 bits; the file is damaged or no ONNX model; copy or "
                + "export it anew")
    }

    /// The field number and how its value is written.
    mutating func key() throws(ModelError) -> (field: UInt64, type: WireType, raw: UInt64) {
        let start = position
        let raw = try varint()
        guard let type = WireType(rawValue: raw & 7), raw >> 3 > 0, raw >> 3 < 1 << 29 else {
            throw ModelError(
                path: path, offset: start,
                reason: "no field can begin here; the file is damaged or no ONNX model; copy or "
                    + "export it anew")
        }
        return (raw >> 3, type, raw)
    }

    /// The length of a field that ends at or before `end`.
    mutating func length(within end: Int) throws(ModelError) -> Int {
        let length = try varint()
        guard position <= end, length <= UInt64(end - position) else {
            throw error(
                "a field of \(length) bytes in a message with \(max(0, end - position)) left; the file is cut "
                    + "off: copy or export it anew")
        }
        return Int(length)
    }

    /// Appends the next bytes to `bytes`. The caller has checked that they lie in the file.
    mutating func copy(_ count: Int, to bytes: inout [UInt8]) throws(ModelError) {
        var left = count
        while left > 0 {
            if position - windowStart >= window.count || position < windowStart { try fill() }
            let start = position - windowStart
            let part = min(left, window.count - start)
            bytes.append(contentsOf: window[start..<(start + part)])
            position += part
            left -= part
        }
    }

    /// Continues after `count` bytes without reading them. The caller has checked that they lie in the file.
    mutating func skip(_ count: Int) { position += count }

    func error(_ reason: String) -> ModelError { ModelError(path: path, offset: position, reason: reason) }
}

extension FileRegion {
    /// The region's bytes in memory.
    func bytes() throws(FileError) -> [UInt8] {
        let type = TensorType(.uint8, [byteCount])
        return try Constant.file(self, type).load().elements(of: UInt8.self)
    }
}
