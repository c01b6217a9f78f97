/// A schedule for SimGrid's SMPI: a time-independent trace of each rank, and the platform to replay them on
/// (Desprez et al., INRIA RR-7489; https://simgrid.org/doc/latest/Tutorial_MPI_Applications.html).
///
/// What SMPI replays is the schedule itself, action by action, with the costs that the simulator here has too. Two models
/// that were written apart from each other then say how long a plan takes.
public struct SimGridExport {
    private let schedule: Schedule
    private let plan: PartitionPlan
    private let costs: ScheduleCosts
    private let cluster: Cluster

    /// - Precondition: the cluster has as many ranks as the plan, and costs for each microbatch are there.
    public init(_ schedule: Schedule, of plan: PartitionPlan, costs: ScheduleCosts, on cluster: Cluster) {
        precondition(cluster.ranks.count >= schedule.actions.count)
        self.schedule = schedule
        self.plan = plan
        self.costs = costs
        self.cluster = cluster
    }

    private var rankCount: Int { schedule.actions.count }

    /// The files by name: the platform, the ranks' hosts, the trace of each rank, and a script that replays them.
    public var files: [(name: String, text: String)] {
        var files = [
            ("platform.xml", SimGridPlatform(cluster, rankCount: rankCount).xml),
            ("hosts", (0..<rankCount).map { SimGridPlatform.host($0) + "\n" }.joined()),
            ("trace", (0..<rankCount).map { "rank-\($0).trace\n" }.joined()), ("replay.sh", script),
        ]
        for rank in 0..<rankCount { files.append(("rank-\(rank).trace", trace(of: rank))) }
        return files
    }

    /// One action a line. Times are operations at the rank's speed; tags tell edge and microbatch.
    func trace(of rank: Int) -> String {
        let speed = cluster.ranks[rank].flopsPerSecond
        var lines = ["\(rank) init"]
        func compute(_ seconds: Double) {
            if seconds > 0 { lines.append("\(rank) compute \(seconds * speed)") }
        }
        func tag(_ edge: Int, _ microbatch: Int) -> Int { edge * max(1, schedule.microbatchCount) + microbatch }
        func byteCount(_ edge: Int, _ microbatch: Int) -> Int {
            Int(costs.byteCount(edge: edge, microbatch: microbatch).rounded())
        }
        func source(_ edge: Int) -> Int { plan.stages[plan.edges[edge].from].rank }
        func target(_ edge: Int) -> Int { plan.stages[plan.edges[edge].to].rank }
        func link(_ edge: Int) -> Cluster.Link { cluster.link(from: source(edge), to: target(edge)) }
        let stage = plan.stage(ofRank: rank)
        let incoming = plan.edges.filter { $0.to == stage }.map(\.index)
        let outgoing = plan.edges.filter { $0.from == stage }.map(\.index)
        var unfinished: [(edge: Int, microbatch: Int)] = []
        func finishSends(_ isDue: (Int, Int) -> Bool) {
            for send in unfinished where isDue(send.edge, send.microbatch) {
                lines.append("\(rank) wait \(rank) \(target(send.edge)) \(tag(send.edge, send.microbatch))")
            }
            unfinished.removeAll { isDue($0.edge, $0.microbatch) }
        }
        let slots = Dictionary(
            uniqueKeysWithValues: outgoing.map { ($0, plan.sendSlotCount(of: plan.edges[$0].value, from: stage!)) })
        for action in schedule.actions[rank] {
            switch action {
            case .read(let input, let microbatch): compute(costs.read(input: input, microbatch: microbatch))
            case .write(let microbatch): compute(costs.write(microbatch: microbatch))
            case .receive(let edge, let microbatch):
                lines.append(
                    "\(rank) irecv \(source(edge)) \(tag(edge, microbatch)) \(byteCount(edge, microbatch))")
            case .send(let edge, let microbatch):
                lines.append("\(rank) isend \(target(edge)) \(tag(edge, microbatch)) \(byteCount(edge, microbatch))")
                unfinished.append((edge, microbatch))
            case .run(let stage, let microbatch):
                for edge in incoming { lines.append("\(rank) wait \(source(edge)) \(rank) \(tag(edge, microbatch))") }
                finishSends { $1 <= microbatch - slots[$0]! }
                let handling =
                    incoming.reduce(0) {
                        $0 + link($1).receiveHandling * costs.byteCount(edge: $1, microbatch: microbatch)
                    }
                    + outgoing.reduce(0) {
                        $0 + link($1).sendHandling * costs.byteCount(edge: $1, microbatch: microbatch)
                    }
                compute(costs.compute(stage: stage, microbatch: microbatch, on: cluster.ranks[rank]) + handling)
            }
        }
        finishSends { _, _ in true }
        lines.append("\(rank) finalize")
        return lines.joined(separator: "\n") + "\n"
    }

    /// Messages are bytes / bandwidth and latency, with none of the factors that SMPI has for clusters it was fitted to;
    /// above the eager limit the latency counts three times. Sends up to that limit do not wait for their receivers.
    private var script: String {
        """
        #!/bin/sh
        # Replays the schedule with SimGrid's SMPI (Debian: libsimgrid-dev). The last line tells the makespan in seconds.
        cd "$(dirname "$0")" || exit 1
        exec smpirun -np \(rankCount) -platform platform.xml -hostfile hosts -replay trace \\
          --cfg=network/model:SMPI --cfg=network/TCP-gamma:0 --cfg=network/crosstraffic:0 --cfg=network/weight-S:0 \\
          --cfg=smpi/bw-factor:0:1.0 '--cfg=smpi/lat-factor:0:1.0;\(cluster.eagerByteCount + 1):3.0' \\
          --cfg=smpi/async-small-thresh:\(cluster.eagerByteCount) --cfg=smpi/send-is-detached-thresh:\(cluster.eagerByteCount) \\
          --cfg=smpi/os:0:0:0 --cfg=smpi/or:0:0:0 --cfg=smpi/ois:0:0:0 --cfg=smpi/wtime:0 --cfg=smpi/iprobe:0 \\
          --cfg=smpi/test:0 --cfg=smpi/init:0 --log=replay.thresh:critical --log=smpi_config.thresh:critical \\
          --log=xbt_cfg.thresh:critical --cfg=contexts/stack-size:128 --cfg=contexts/guard-size:0 "$@"

        """
    }
}
