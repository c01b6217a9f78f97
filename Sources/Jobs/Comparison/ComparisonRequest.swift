/// What is to be compared.
public struct ComparisonRequest: Sendable, Hashable {
    /// Empty for all that need nothing but the job: every strategy but `manual`.
    public var strategies: [JobSpecification.Strategy] = []
    /// Empty for as many as the job runs on.
    public var rankCounts: [Int] = []
    /// Empty for what the job says.
    public var microbatches: [Int] = []
    public var rounds = 5

    public init() {}

    /// One plan to be made.
    struct Candidate: Hashable {
        let strategy: JobSpecification.Strategy
        let ranks: Int
        let microbatch: Int
    }

    /// All of them, in the order in which they are measured.
    func candidates(_ specification: JobSpecification, worldSize: Int) throws(JobError) -> [Candidate] {
        let named = specification.parallelism.strategy == .manual
        let strategies =
            strategies.isEmpty
            ? JobSpecification.Strategy.allCases.filter { $0 != .manual || named } : strategies
        if strategies.contains(.manual), !named {
            throw JobError("strategy 'manual' can be compared only for a job that has parallelism.cuts")
        }
        let counts = rankCounts.isEmpty ? [worldSize] : rankCounts
        for count in counts where !(1...worldSize).contains(count) {
            throw JobError(
                "a comparison over \(count) ranks is asked for, and there are \(worldSize): start "
                    + "\(max(count, 1)) ranks, or leave it out")
        }
        let sizes = microbatches.isEmpty ? specification.schedule.microbatch.exact.map { [$0] } ?? [] : microbatches
        guard !sizes.isEmpty else {
            throw JobError(
                "schedule.microbatch is auto: say which sizes to compare, as in --microbatches 1,4,16")
        }
        return sizes.flatMap { size in
            counts.flatMap { count in
                strategies.map { Candidate(strategy: $0, ranks: count, microbatch: size) }
            }
        }
    }
}
