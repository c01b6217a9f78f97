internal import Tensors

/// The programs that one rank has compiled while it ran, for types that came to light only then: the least recently
/// used goes when there are too many.
final class ProgramCache {
    struct Key: Hashable {
        /// What the program goes on from; see `newIdentity`.
        let origin: Int
        /// Of what it takes in; nil for what is no tensor.
        let types: [TensorType?]
    }

    /// Enough for some hundred places in a model that hang on data, or for some hundred shapes at one place.
    static let standardCapacity = 256

    private let capacity: Int
    private var programs: [Key: (program: StageProgram, lastUse: Int)] = [:]
    private var clock = 0
    private var identities = 0
    /// Programs compiled in all.
    private(set) var compilations = 0

    init(capacity: Int = ProgramCache.standardCapacity) { self.capacity = max(capacity, 1) }

    var count: Int { programs.count }

    /// A number for a place that programs go on from.
    func newIdentity() -> Int {
        identities += 1
        return identities
    }

    func program(_ key: Key, compile: () throws -> StageProgram) rethrows -> StageProgram {
        clock += 1
        if let program = programs[key]?.program {
            programs[key]!.lastUse = clock
            return program
        }
        let program = try compile()
        compilations += 1
        while programs.count >= capacity, let oldest = programs.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            programs[oldest.key] = nil
        }
        programs[key] = (program, clock)
        return program
    }
}
