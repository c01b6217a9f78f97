import FoundationEssentials

/// Safetensors files, well made and not.
enum TinySafetensors {
    static func file(header: String, data: Int) -> [UInt8] {
        var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
        bytes += header.utf8
        for index in 0..<data { bytes.append(UInt8(truncatingIfNeeded: index &* 37)) }
        return bytes
    }

    static func tensor(_ name: String, _ dtype: String, _ shape: [Int], _ offsets: [Int]) -> String {
        "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
    }

    /// Three tensors in 40 bytes.
    static let good = file(
        header: "{\"__metadata__\":{\"format\":\"pt\"},\(tensor("a", "F32", [2, 3], [0, 24])),"
            + "\(tensor("b", "I64", [1], [24, 32])),\(tensor("c", "U8", [8], [32, 40]))}",
        data: 40)
}
