internal import Kernels
public import MPI
public import Planning
public import Runtime

/// Measures the cluster that the ranks of a communicator run on, in a phase that all of them leave together.
public struct CalibrationRunner {
    private let phases: JobPhases

    /// All ranks call this together.
    public init(world: Communicator) throws { phases = try JobPhases(world: world) }

    /// All ranks call this together.
    ///
    /// - Parameters:
    ///   - threads: of each rank; nil for its share of the cores.
    ///   - begin: called on rank 0 first; what it throws ends the measurement on all ranks.
    /// - Returns: what was found, on rank 0.
    public func run(
        threads: Int?, effort: ClusterProbe.Effort, begin: () throws -> Void = {}
    ) throws -> ClusterMeasurement? {
        try phases.phase { if phases.world.rank == 0 { try begin() } }
        let allocation = try phases.phase {
            try ThreadAllocation.decide(threads.map { .exactly($0) } ?? .automatic, world: phases.world)
        }
        let pool = WorkerPool(threadCount: allocation.threadCount)
        return try CalibrationRunner.measure(phases, pool: pool, effort: effort)
    }

    /// A phase of its own. All ranks call this together.
    static func measure(
        _ phases: JobPhases, pool: WorkerPool, effort: ClusterProbe.Effort
    ) throws -> ClusterMeasurement? {
        let control = phases.control
        return try phases.phase {
            do {
                return try ClusterProbe.measure(
                    phases.world, pool: pool, effort: effort, unless: { control.hasRemoteFailure() })
            } catch let error as MPIError where error.reason == .stopped {
                // A wait for a rank that has failed, which that rank reports itself.
                throw control.remoteFailure ?? RemoteFailure(rank: phases.world.rank, reason: "\(error)")
            }
        }
    }
}
