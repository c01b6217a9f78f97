import FoundationEssentials
import TestSupport

/// An array of a .npy file, read without any code of the product.
struct NumPyArray {
    let descriptor: String
    let shape: [Int]
    let values: [Double]

    init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else { throw Failure("\(path) is not there") }
        let bytes = [UInt8](data)
        guard bytes.count > 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
            throw Failure("\(path) is no array")
        }
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        let header = String(decoding: bytes[10..<start], as: UTF8.self)
        let parts = header.split(separator: "'")
        guard let name = parts.firstIndex(of: "descr") else { throw Failure("\(path): \(header)") }
        descriptor = String(parts[name + 2])
        shape = try Material.shape(ofArray: path)
        values = try NumPyArray.decode(bytes[start...], descriptor: descriptor)
        guard values.count == shape.reduce(1, *) else {
            throw Failure("\(path): \(values.count) values for the shape \(shape)")
        }
    }

    private static func decode(_ bytes: ArraySlice<UInt8>, descriptor: String) throws -> [Double] {
        func all<Word: BitwiseCopyable>(_ type: Word.Type, _ value: (Word) -> Double) -> [Double] {
            bytes.withUnsafeBytes { source in
                (0..<source.count / MemoryLayout<Word>.size).map {
                    value(source.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Word>.size, as: type))
                }
            }
        }
        switch descriptor {
        case "<f4": return all(Float.self) { Double($0) }
        case "<f8": return all(Double.self) { $0 }
        case "<f2": return all(Float16.self) { Double($0) }
        case "<i8": return all(Int64.self) { Double($0) }
        case "|u1": return all(UInt8.self) { Double($0) }
        default: throw Failure("dtype \(descriptor)")
        }
    }

    /// The bytes of a float32 file; values given in row-major order.
    static func file(shape: [Int], _ values: [Float]) -> [UInt8] {
        header("<f4", shape) + values.withUnsafeBytes { Array($0) }
    }

    /// The bytes of an int64 file.
    static func file(shape: [Int], _ values: [Int64]) -> [UInt8] {
        header("<i8", shape) + values.withUnsafeBytes { Array($0) }
    }

    private static func header(_ descriptor: String, _ shape: [Int]) -> [UInt8] {
        let extents = shape.map { "\($0)," }.joined(separator: " ")
        let text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(extents)), }"
        // The header ends in a new line, and the data begins at a multiple of 64.
        let padding = 63 - (10 + text.utf8.count) % 64
        let body = Array(text.utf8) + [UInt8](repeating: 0x20, count: padding) + [0x0A]
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(body.count & 0xFF), UInt8(body.count >> 8)] + body
    }
}

/// Why a test cannot continue.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
