import FoundationEssentials
import Tensors
import TestSupport
import Testing

extension Material {
    private static let dtypes: [String: DType] = [
        "<f4": .float32, "<f8": .float64, "<f2": .float16, "|i1": .int8, "<i2": .int16, "<i4": .int32, "<i8": .int64,
        "|u1": .uint8, "<u2": .uint16, "<u4": .uint32, "<u8": .uint64, "|b1": .bool,
    ]

    /// An array of an .npy file as the oracle writes them: version 1, row-major.
    static func array(_ path: String) throws -> Tensor {
        let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        let header = String(decoding: bytes[10..<start], as: UTF8.self)
        let parts = header.split(separator: "'")
        let descriptor = try #require(parts.firstIndex(of: "descr").map { String(parts[$0 + 2]) })
        let dtype = try #require(dtypes[descriptor], "dtype \(descriptor)")
        let tensor = Tensor(uninitialized: dtype, shape: Shape(try shape(ofArray: path)))
        try #require(bytes.count - start == tensor.byteCount)
        tensor.withMutableBytes { target in
            for index in target.indices { target[index] = bytes[start + index] }
        }
        return tensor
    }
}
