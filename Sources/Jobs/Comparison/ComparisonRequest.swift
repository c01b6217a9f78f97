/// What is to be compared.
public struct ComparisonRequest: Sendable, Hashable {
    /// Empty for all that need nothing but the job: every strategy but `manual`.
    public var strategies: [JobSpecification.Strategy] = []
    /// Empty for as many as the job runs on.
    public var rankCounts: [Int] = []
    /// Empty for what the job says.
    public var microbatches: [Int] = []
    /// Numbers of replicas of the pipeline, which share the ranks; empty for what the job says, or one where it says auto.
    public var replicas: [Int] = []
    /// How microbatches are shared out over replicas; empty for what the job says.
    public var distributions: [JobSpecification.Distribution] = []
    public var rounds = 5

    public init() {}

    /// One plan to be made.
    struct Candidate: Hashable {
        let strategy: JobSpecification.Strategy
        let degrees: ParallelDegrees
        let microbatch: Int
        /// Nil for what the job says, and where there is one replica.
        let distribution: JobSpecification.Distribution?

        /// As tables name it: `optimal x2 dynamic`.
        var name: String {
            let replicated = degrees.replicas == 1 ? strategy.rawValue : "\(strategy.rawValue) x\(degrees.replicas)"
            return distribution.map { "\(replicated) \($0.rawValue)" } ?? replicated
        }
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
        let replicas = replicas.isEmpty ? [specification.parallelism.data.exact ?? 1] : replicas
        let degrees = counts.flatMap { count in
            replicas.filter { count.isMultiple(of: $0) }
                .map { ParallelDegrees(stages: count / $0, replicas: $0) }
        }
        guard !degrees.isEmpty else {
            throw JobError(
                "\(replicas.map(String.init).joined(separator: " or ")) replicas do not share "
                    + "\(counts.map(String.init).joined(separator: " or ")) ranks evenly: choose numbers that divide them"
            )
        }
        guard distributions.isEmpty || degrees.contains(where: { $0.replicas > 1 }) else {
            throw JobError(
                "distributions are compared over replicas, and there is one: say how many, as in --replicas 2, or set "
                    + "parallelism.data")
        }
        return sizes.flatMap { size in
            degrees.flatMap { degrees in
                let shared: [JobSpecification.Distribution?] =
                    distributions.isEmpty || degrees.replicas == 1 ? [nil] : distributions
                return shared.flatMap { distribution in
                    strategies.map {
                        Candidate(strategy: $0, degrees: degrees, microbatch: size, distribution: distribution)
                    }
                }
            }
        }
    }
}
