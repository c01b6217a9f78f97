import Foundation

/// splitmix64: the same numbers in every run, so that a failure can be repeated; others with MPINFER_FUZZ_SEED.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    init(state: UInt64) {
        self.state = state &+ (ProcessInfo.processInfo.environment["MPINFER_FUZZ_SEED"].flatMap(UInt64.init) ?? 0) << 20
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
