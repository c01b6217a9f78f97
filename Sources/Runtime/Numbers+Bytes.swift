// Numbers as the bytes of messages, in little-endian order.

extension [Double] {
    /// - Parameter bytes: eight for each number; others at the end are dropped.
    init(messageBytes bytes: [UInt8]) {
        self = stride(from: 0, through: bytes.count - 8, by: 8).map { start in
            Double(bitPattern: bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
        }
    }

    var messageBytes: [UInt8] {
        flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) } }
    }
}
