/// Philox4x32-10: four random words from a counter of four words and a key of two, in ten rounds of multiplications.
///
/// Source of the formula: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3",
/// SC11, https://doi.org/10.1145/2063384.2063405.
struct RandomGenerator {
    let key: UInt64

    /// Block `block` of the stream of an item.
    @inline(__always)
    func words(item: UInt64, block: UInt64) -> SIMD4<UInt32> {
        var counter = SIMD4<UInt32>(
            UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32),
            UInt32(truncatingIfNeeded: item), UInt32(truncatingIfNeeded: item >> 32))
        var keys = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
        for _ in 0..<10 {
            let first = UInt64(counter[0]) &* 0xD251_1F53
            let second = UInt64(counter[2]) &* 0xCD9E_8D57
            counter = SIMD4(
                UInt32(truncatingIfNeeded: second >> 32) ^ counter[1] ^ keys.0, UInt32(truncatingIfNeeded: second),
                UInt32(truncatingIfNeeded: first >> 32) ^ counter[3] ^ keys.1, UInt32(truncatingIfNeeded: first))
            keys = (keys.0 &+ 0x9E37_79B9, keys.1 &+ 0xBB67_AE85)
        }
        return counter
    }

    /// Two numbers of a block, in 0..<1, of 53 bits.
    @inline(__always)
    func uniforms(item: UInt64, block: UInt64) -> (Double, Double) {
        let words = words(item: item, block: block)
        func number(_ high: UInt32, _ low: UInt32) -> Double {
            Double((UInt64(high) << 32 | UInt64(low)) >> 11) * 0x1p-53
        }
        return (number(words[0], words[1]), number(words[2], words[3]))
    }
}
