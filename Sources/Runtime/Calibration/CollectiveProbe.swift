internal import MPI
internal import Planning
internal import Tensors

/// Measures collective operations of all ranks.
struct CollectiveProbe {
    let world: Communicator
    /// For each operation and size, on the slowest rank.
    let seconds: Double
    let largestByteCount: Int

    private static let leastRounds = 3
    private static let mostRounds = 50

    /// All ranks call this together; the result is the same on all.
    func measure() throws -> [ClusterMeasurement.Collective] {
        guard world.size > 1 else { return [] }
        var found: [ClusterMeasurement.Collective] = []
        for kind in [ClusterMeasurement.Collective.Kind.allReduce, .allGather] {
            var byteCount = 1024
            while byteCount <= largestByteCount {
                let took = try measure(kind, byteCount)
                found.append(took)
                // The next size takes up to 16 times as long.
                if took.seconds * 16 > 4 * seconds { break }
                byteCount *= 16
            }
        }
        return found
    }

    private func measure(
        _ kind: ClusterMeasurement.Collective.Kind, _ byteCount: Int
    ) throws -> ClusterMeasurement.Collective {
        let length = max(1, kind == .allReduce ? byteCount / 4 : byteCount / 4 / world.size)
        let tensor = Tensor([Float](repeating: 1, count: length))
        func run() throws {
            switch kind {
            case .allReduce: try world.allReduce(tensor, by: .maximum)
            case .allGather: _ = try world.allGather(tensor)
            }
        }
        var times: [Double] = []
        var rounds = CollectiveProbe.leastRounds
        while times.count < rounds {
            try world.barrier()
            let start = StopWatch.now
            try run()
            var took = [StopWatch.now - start]
            try world.allReduce(&took, by: .maximum)
            // The first one opens connections.
            if times.isEmpty, rounds == CollectiveProbe.leastRounds {
                rounds += min(CollectiveProbe.mostRounds, Int(seconds / max(took[0], 1e-6)))
            }
            times.append(took[0])
        }
        return ClusterMeasurement.Collective(
            kind: kind, byteCount: kind == .allReduce ? length * 4 : length * 4 * world.size,
            seconds: Statistics.median(Array(times.dropFirst())))
    }
}
