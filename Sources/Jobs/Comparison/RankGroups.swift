internal import MPI

/// The first ranks of a job as communicators of their own, one for each number that is compared. The others rest.
struct RankGroups {
    private var groups: [Int: JobPhases] = [:]

    /// All ranks call this together.
    init(_ counts: [Int], world: Communicator) throws {
        for count in Set(counts).sorted() {
            if let group = try world.split(color: world.rank < count ? 0 : nil) {
                groups[count] = try JobPhases(world: group)
            }
        }
    }

    /// Runs something on the first ranks; all ranks of `phases` call this together.
    ///
    /// - Throws: on all of them when it fails on any.
    func run<Result>(ranks: Int, of phases: JobPhases, _ body: (JobPhases) throws -> Result?) throws -> Result? {
        var result: Result?
        var failure: (any Error)?
        if let group = groups[ranks] {
            do { result = try body(group) } catch { failure = error }
        }
        // Ranks without work must not keep cores from those that have some.
        try phases.world.restingBarrier()
        try phases.phase { if let failure { throw failure } }
        return result
    }
}
