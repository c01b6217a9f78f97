public import Kernels
public import MPI
public import Planning

/// Measures the ranks of a job and the links between them.
public enum ClusterProbe {
    /// How long to measure.
    public enum Effort: Sendable {
        /// About a second for a few ranks: enough to predict with.
        case brief
        case thorough
    }

    /// All ranks call this together.
    ///
    /// - Returns: what was found, on rank 0.
    public static func measure(
        _ world: Communicator, pool: WorkerPool, effort: Effort
    ) throws -> ClusterMeasurement? {
        // For now what the processor tells; links are taken to be within one node.
        let speed = try ProcessorSpeed.measure(pool: pool)
        guard world.rank == 0 else { return nil }
        var cluster = Cluster.unknown(rankCount: world.size)
        cluster.ranks = cluster.ranks.map {
            Cluster.Rank(node: $0.node, flopsPerSecond: speed.flopsPerSecond)
        }
        return ClusterMeasurement(cluster: cluster)
    }
}

/// What was found of a cluster.
public struct ClusterMeasurement: Sendable, Codable {
    public let cluster: Cluster
}
