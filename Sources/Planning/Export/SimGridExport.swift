/// A schedule for SimGrid's SMPI: a time-independent trace of each rank, and the platform to replay them on
/// (Desprez et al., INRIA RR-7489; https://simgrid.org/doc/latest/Tutorial_MPI_Applications.html).
///
/// What SMPI replays is the schedule itself, action by action, with the costs that the simulator here has too. Two models
/// that were written independently of each other then say how long a plan takes.
public struct SimGridExport {
    private let schedule: Schedule
    private let plan: PartitionPlan
    private let costs: ScheduleCosts
    private let cluster: Cluster

    /// The script that replays the traces.
    public static let scriptName = "replay.sh"

    /// - Precondition: the cluster has as many ranks as the plan, and costs for each microbatch are there.
    public init(_ schedule: Schedule, of plan: PartitionPlan, costs: ScheduleCosts, on cluster: Cluster) {
        precondition(cluster.ranks.count >= schedule.actions.count, "fewer ranks than the schedule has lists")
        precondition(costs.microbatchSizes.count >= schedule.microbatchCount, "microbatches without costs")
        self.schedule = schedule
        self.plan = plan
        self.costs = costs
        self.cluster = cluster
    }

    /// Hands out the files one by one, since all of them together may not fit into memory: the platform, the ranks'
    /// hosts, the trace of each rank, and a script that replays them.
    public func forEachFile(_ body: (_ name: String, _ text: String) throws -> Void) rethrows {
        let ranks = schedule.actions.indices
        try body("platform.xml", SimGridPlatform(plan, cluster).xml)
        try body("hosts", ranks.map { SimGridPlatform.host($0) + "\n" }.joined())
        try body("trace", ranks.map { "rank-\($0).trace\n" }.joined())
        try body(SimGridExport.scriptName, script)
        let trace = SimGridTrace(schedule, plan, costs, cluster)
        for rank in ranks { try body("rank-\(rank).trace", trace.text(of: rank)) }
    }

    /// A message takes bytes / bandwidth and the latency, with none of the factors that SMPI has for clusters it was
    /// fitted to; above the eager limit the latency counts three times, and only up to it do messages leave without a
    /// receive being posted. SMPI adds 16 bytes to each message. Links carry one message after another: SimGrid would let
    /// all of them share a link, and the first would arrive as late as the last. That the ranks share the variables of
    /// the replayer spares a copy of it for each.
    private var script: String {
        // SMPI reads these as 32-bit numbers.
        // A message in pieces leaves at once.
        let isInPieces = plan.edges.contains { $0.pieceCount > 1 }
        let eager = min(isInPieces ? Int.max : cluster.eagerByteCount, Int(Int32.max) - 17)
        return """
            #!/bin/sh
            # Replays the schedule with SimGrid's SMPI. The last line tells the makespan in seconds.
            command -v smpirun >/dev/null || { echo 'smpirun is missing: install SimGrid (Debian: libsimgrid-dev)' >&2; exit 1; }
            cd "$(dirname "$0")" || exit 1
            exec smpirun -np \(schedule.actions.count) -no-privatize -platform platform.xml -hostfile hosts -replay trace \\
              --cfg=network/model:SMPI --cfg=network/TCP-gamma:0 --cfg=network/crosstraffic:0 --cfg=network/weight-S:0 \\
              --cfg=maxmin/concurrency-limit:1 --cfg=smpi/bw-factor:0:1.0 '--cfg=smpi/lat-factor:0:1.0;\(eager + 16):3.0' \\
              --cfg=smpi/async-small-thresh:\(eager + 1) --cfg=smpi/send-is-detached-thresh:\(eager + 1) \\
              --cfg=smpi/os:0:0:0 --cfg=smpi/or:0:0:0 --cfg=smpi/ois:0:0:0 --cfg=smpi/wtime:0 --cfg=smpi/iprobe:0 \\
              --cfg=smpi/test:0 --cfg=smpi/init:0 --log=replay.thresh:critical --log=smpi_config.thresh:critical \\
              --log=xbt_cfg.thresh:critical --cfg=contexts/stack-size:128 --cfg=contexts/guard-size:0 "$@"

            """
    }
}
