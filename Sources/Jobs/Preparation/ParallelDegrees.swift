internal import Planning

/// Into how many stages a model is cut, and how many replicas of these there are.
struct ParallelDegrees: Hashable {
    let stages: Int
    let replicas: Int

    var rankCount: Int { stages * replicas }

    /// What a job allows, on this many ranks; with no number of ranks, on as many as the job itself says.
    ///
    /// - Returns: more than one where the program is to choose; the fewest replicas first.
    /// - Throws: where nothing that the job says gives this number of ranks.
    static func candidates(
        _ parallelism: JobSpecification.Parallelism, rankCount: Int?
    ) throws(JobError) -> [ParallelDegrees] {
        let replicas = parallelism.data.exact
        // Cuts that are given determine how many stages there are, where nothing else does.
        let cut = parallelism.strategy == .manual && (rankCount == nil || replicas == nil)
        let stages = parallelism.pipeline.exact ?? (cut ? parallelism.cuts.count + 1 : nil)
        guard let rankCount else {
            let (count, overflow) = (stages ?? 1).multipliedReportingOverflow(by: replicas ?? 1)
            guard !overflow, count <= 1 << 20 else {
                throw JobError(
                    "pipeline \(stages ?? 1) times data \(replicas ?? 1) is more than \(1 << 20) ranks: choose smaller ones"
                )
            }
            return [ParallelDegrees(stages: stages ?? 1, replicas: replicas ?? 1)]
        }
        var fitting: [ParallelDegrees] = []
        for count in 1...rankCount where rankCount.isMultiple(of: count) {
            let degrees = ParallelDegrees(stages: rankCount / count, replicas: count)
            if let stages, degrees.stages != stages { continue }
            if let replicas, degrees.replicas != replicas { continue }
            fitting.append(degrees)
        }
        guard fitting.isEmpty else { return fitting }
        throw misfit(stages: stages, replicas: replicas, rankCount: rankCount)
    }

    private static func misfit(stages: Int?, replicas: Int?, rankCount: Int) -> JobError {
        let ranks = "\(rankCount) rank\(rankCount == 1 ? "" : "s")"
        let divisors = (1...rankCount).filter { rankCount.isMultiple(of: $0) }
        switch (stages, replicas) {
        case (let stages?, nil), (let stages?, 1):
            let more = replicas == nil ? ", or a multiple of it" : ""
            return JobError(
                "parallelism.pipeline is \(stages) and the job runs on \(ranks): "
                    + "start \(stages) ranks\(more), or set parallelism.pipeline to \(rankCount) or auto")
        case (nil, let replicas?):
            return JobError(
                "parallelism.data is \(replicas) and the job runs on \(ranks), which do not divide by that: start a multiple of "
                    + "\(replicas) ranks, or set parallelism.data to \(list(divisors.map(String.init))) or auto")
        default:
            let (pipeline, data) = (stages ?? 1, replicas ?? 1)
            let product = pipeline.multipliedReportingOverflow(by: data)
            let needed = product.overflow ? "far more" : String(product.partialValue)
            let mixes = list(divisors.map { "\(rankCount / $0) x \($0)" })
            return JobError(
                "pipeline \(pipeline) times data \(data) is \(needed) ranks, and the job runs on \(ranks); these do "
                    + "(pipeline x data): \(mixes)")
        }
    }

    private static func list(_ words: [String]) -> String {
        words.prefix(12).joined(separator: ", ") + (words.count > 12 ? ", ..." : "")
    }
}

extension JobSpecification.Parallelism {
    /// How microbatches are shared out.
    var policy: SchedulePolicy {
        switch distribution {
        case .cyclic, .roundRobin: SchedulePolicy(.cyclic)
        case .block: SchedulePolicy(.block)
        case .random: SchedulePolicy(.random(seed: UInt64(seed)))
        case .byShape: SchedulePolicy(.byShape)
        case .bySize: SchedulePolicy(.bySize)
        case .weighted: SchedulePolicy(.weighted)
        case .longestFirst: SchedulePolicy(.longestFirst)
        case .dynamic: SchedulePolicy(.dynamic(chunking))
        case .leastLoaded: SchedulePolicy(.leastLoaded)
        }
    }

    private var chunking: Chunking {
        switch chunks {
        case .fixed: .fixed(chunk)
        case .guided: .guided
        case .factoring: .factoring
        }
    }
}
