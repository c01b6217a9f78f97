internal import Files
internal import Planning

/// A job's schedule and cluster as files that SimGrid replays.
public struct SimGridFiles {
    private let export: SimGridExport
    private let rankCount: Int
    private let microbatchCount: Int
    private let jobMicrobatchCount: Int
    /// What this project's simulator predicts for the same microbatches, in seconds.
    private let makespan: Double

    /// About a gigabyte of traces.
    private static let actionLimit = 25_000_000

    /// - Parameter microbatchLimit: microbatches that are exported at most; nil for all of the job.
    /// - Throws: where the job names no cluster, or the traces would be too long.
    public init(_ job: JobPreparation, microbatchLimit: Int?) throws {
        guard job.specification.parallelism.cluster != nil else {
            throw JobError(
                "SimGrid needs to know the cluster to replay on: give one with --cluster, or as parallelism.cluster of "
                    + "the job")
        }
        let (plan, cluster) = (job.plan, job.cluster)
        guard cluster.ranks.count >= plan.rankCount else {
            throw JobError.tooFewRanks(cluster, rankCount: plan.rankCount)
        }
        rankCount = plan.rankCount
        jobMicrobatchCount = job.batching.microbatchCount
        microbatchCount = min(jobMicrobatchCount, microbatchLimit ?? .max)
        // One to compute, two for each message; reading and writing is little compared with that.
        let perMicrobatch = plan.stages.count + 2 * plan.edges.count
        let fitting = SimGridFiles.actionLimit / perMicrobatch
        guard microbatchCount <= fitting else {
            throw JobError(
                "the traces of \(microbatchCount) microbatches would be too long: export at most \(max(1, fitting)) with "
                    + "--export-microbatches; as many as there are ranks show how the pipeline works")
        }
        let schedule = Schedule(
            of: plan,
            sharing: job.batching.sharing(plan, costs: job.costs, cluster: cluster, limit: microbatchCount))
        let sizes = job.batching.work(count: microbatchCount).sizes
        let costs = ScheduleCosts(plan, costs: job.costs, microbatchSizes: sizes.map(Double.init))
        makespan = try ScheduleSimulator(schedule, of: plan, costs: costs, on: cluster).timeline().makespan
        export = SimGridExport(schedule, of: plan, costs: costs, on: cluster)
    }

    /// Writes the files into a folder, which is made; files of the same names are replaced.
    ///
    /// - Returns: what was written, and how to replay it.
    public func write(to folder: String) throws -> String {
        let staged = try StagedFolder(folder)
        let base = folder.hasSuffix("/") ? folder : folder + "/"
        try export.forEachFile { try staged.write($1, to: $0) }
        try Publication.publish([staged])
        let part =
            microbatchCount < jobMicrobatchCount
            ? "the first \(microbatchCount) of \(jobMicrobatchCount)" : "\(microbatchCount)"
        return """
            exported to \(folder): \(rankCount) rank\(rankCount == 1 ? "" : "s"), \(part) microbatch\(microbatchCount == 1 ? "" : "es"); simulated here: \(Quantity.seconds(makespan))
            replay with SimGrid:
              sh \(SimGridFiles.quoted(base + SimGridExport.scriptName))
            """
    }

    /// A path as a shell takes it.
    private static func quoted(_ path: String) -> String {
        let isPlain = path.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "/._-+".unicodeScalars.contains(scalar)
        }
        return isPlain
            ? path : "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
