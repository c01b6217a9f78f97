internal import MPI
internal import Planning

/// Takes the times of a model's layers again and again, between the runs that they are to predict.
struct ComparisonProfiler {
    private let threads: ThreadAllocation
    private let runner: ProfileRunner
    private let jobs: [(size: Int, prepared: ProfileRunner.Prepared)]
    private var parts: [Int: [ModelProfile]] = [:]

    /// Prepares the job for each size of microbatches. All ranks call this together.
    init(_ specification: JobSpecification, sizes: [Int], threads: ThreadAllocation, phases: JobPhases) throws {
        self.threads = threads
        runner = ProfileRunner(phases: phases)
        jobs = try sizes.map { [runner] size in
            var job = specification
            job.schedule.microbatch = .exactly(size)
            return (size, try runner.prepare(job, threads: threads))
        }
    }

    /// Measures each size once. All ranks call this together.
    mutating func measure(seconds: Double) throws {
        var effort = ProfileRunner.Effort()
        effort.rounds = 3
        effort.seconds = seconds
        for (size, prepared) in jobs {
            let profile = try runner.run(prepared, threads: threads, effort: effort)
            if let profile { parts[size, default: []].append(profile) }
        }
    }

    /// The medians of all measurements so far, by microbatch size; on rank 0.
    var profiles: [Int: ModelProfile] { parts.mapValues(ModelProfile.init(mediansOf:)) }
}

extension ModelProfile {
    /// The medians of some profiles with the same conditions.
    init(mediansOf parts: [ModelProfile]) {
        let first = parts[0]
        func median(_ value: (ModelProfile) -> Double) -> Double { Statistics.median(parts.map(value)) }
        self.init(
            version: first.version, conditions: first.conditions, ranks: first.ranks,
            rounds: parts.reduce(0) { $0 + $1.rounds },
            rankSeconds: first.rankSeconds.indices.map { rank in median { $0.rankSeconds[rank] } },
            flopsPerSecond: median(\.flopsPerSecond),
            layers: first.layers.indices.map { index in
                Layer(name: first.layers[index].name, seconds: median { $0.layers[index].seconds })
            }, rest: median(\.rest),
            read: Dictionary(uniqueKeysWithValues: first.read.keys.map { key in (key, median { $0.read[key] ?? 0 }) }),
            write: median(\.write))
    }
}
