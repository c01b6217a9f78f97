internal import Tensors

/// The programs that one rank has compiled while it ran, for types that became known only then.
final class ProgramCache {
    struct Key: Hashable {
        /// What the program continues from; see `newIdentity`.
        let origin: Int
        /// Of what it takes in; nil for what is no tensor.
        let types: [TensorType?]
    }

    private var programs: RecentlyUsed<Key, StageProgram>
    private var identities = 0
    /// Programs compiled in all.
    private(set) var compilations = 0

    init(capacity: Int) { programs = RecentlyUsed(limit: max(capacity, 1)) }

    var count: Int { programs.count }

    /// A number for a place that programs continue from.
    func newIdentity() -> Int {
        identities += 1
        return identities
    }

    func program(_ key: Key, compile: () throws -> StageProgram) throws -> StageProgram {
        if let program = programs[key] { return program }
        // Compiling may compile others and keep them here.
        let program = try compile()
        compilations += 1
        programs[key] = program
        return program
    }
}
