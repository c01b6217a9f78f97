internal import Kernels
public import MPI
internal import Planning
internal import Runtime
internal import Tensors

/// Measures what each layer of a job's model takes, on all ranks at the same time, as they compute in a job: cores of a
/// node share its memory, and a core alone is faster than one among busy cores.
public struct ProfileRunner {
    /// How long to measure.
    public struct Effort: Sendable {
        public var rounds = 7
        /// More rounds are taken until this many seconds have passed.
        public var seconds = 2.0

        public init() {}
    }

    private let phases: JobPhases

    /// All ranks call this together.
    public init(world: Communicator) throws { phases = try JobPhases(world: world) }

    init(phases: JobPhases) { self.phases = phases }

    /// All ranks call this together.
    ///
    /// - Parameter load: reads the job spec; called on rank 0 only.
    /// - Returns: the profile, on rank 0.
    public func run(load: () throws -> JobSpecification, effort: Effort = Effort()) throws -> ModelProfile? {
        let specification = try phases.shared(load)
        let threads = try phases.phase { try ThreadAllocation.decide(specification.threads, world: phases.world) }
        return try run(specification, threads: threads, effort: effort)
    }

    func run(
        _ specification: JobSpecification, threads: ThreadAllocation, effort: Effort = Effort()
    ) throws -> ModelProfile? {
        try run(prepare(specification, threads: threads), threads: threads, effort: effort)
    }

    /// A job that is ready to be measured, any number of times.
    struct Prepared {
        fileprivate let assignment: JobAssignment
        /// On rank 0.
        fileprivate let preparation: JobPreparation?
    }

    func prepare(_ specification: JobSpecification, threads: ThreadAllocation) throws -> Prepared {
        var preparation: JobPreparation?
        let assignment = try phases.shared {
            var whole = specification
            whole.parallelism = JobSpecification.Parallelism()
            guard specification.schedule.microbatch.exact != nil else {
                throw JobError(
                    "a profile is for one size of microbatches, and schedule.microbatch is auto: say which, as in --set "
                        + "schedule.microbatch=8")
            }
            let prepared = try JobPreparation(whole, rankCount: 1, threads: threads.threadCount)
            preparation = prepared
            return prepared.assignment
        }
        return Prepared(assignment: assignment, preparation: preparation)
    }

    func run(_ prepared: Prepared, threads: ThreadAllocation, effort: Effort) throws -> ModelProfile? {
        let share = try measure(
            prepared.assignment, threads: threads, inputs: prepared.preparation?.inputs, effort: effort)
        guard let shares = try phases.gathered(share), let preparation = prepared.preparation else { return nil }
        return ProfileRunner.profile(preparation, threads: threads, shares: shares)
    }

    /// What one rank measured: medians over its rounds.
    struct Share: Codable {
        let flopsPerSecond: Double
        let rounds: Int
        let layers: [String: Double]
        let total: Double
        let read: [String: Double]
        /// Only where outputs are written.
        let write: Double?
    }

    private func measure(
        _ assignment: JobAssignment, threads: ThreadAllocation, inputs: InputSet?, effort: Effort
    ) throws -> Share {
        let world = phases.world
        let batching = assignment.batching
        var samples = ProfileSamples()
        var speed = 0.0
        let bench = try phases.phase {
            try ProfileBench(assignment, threads: threads, inputs: inputs, writes: world.rank == 0)
        }
        defer { bench.discard() }
        try world.barrier()
        speed = try phases.phase { try bench.speed().flopsPerSecond }
        let start = MPISession.wallClock
        var round = 0
        var goesOn = true
        while goesOn {
            // All ranks measure at once.
            try world.barrier()
            try phases.phase { try bench.measure(round: round, into: &samples) }
            round += 1
            let isDone = round > effort.rounds && MPISession.wallClock - start > effort.seconds
            goesOn = try world.broadcast([isDone ? 0 : 1], root: 0) == [1]
        }
        // The first round warms up.
        return samples.share(flopsPerSecond: speed, scale: bench.scale(batching))
    }

    private static func profile(
        _ preparation: JobPreparation, threads: ThreadAllocation, shares: [Share]
    ) -> ModelProfile {
        func median(_ values: [Double]) -> Double { Statistics.median(values) }
        let layers = preparation.chain.layers.map { layer in
            ModelProfile.Layer(name: layer.name, seconds: median(shares.map { $0.layers[layer.name] ?? 0 }))
        }
        let rest = median(shares.map { share in share.total - share.layers.values.reduce(0, +) })
        var read: [String: Double] = [:]
        for name in shares[0].read.keys { read[name] = median(shares.map { $0.read[name] ?? 0 }) }
        return ModelProfile(
            version: ModelProfile.currentVersion, conditions: preparation.conditions(threads: threads.threadCount),
            ranks: shares.count, rounds: shares[0].rounds, rankSeconds: shares.map(\.total),
            flopsPerSecond: median(shares.map(\.flopsPerSecond)),
            layers: layers, rest: max(0, rest), read: read, write: shares[0].write ?? 0)
    }
}
