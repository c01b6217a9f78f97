internal import Planning

/// Has pairs of ranks measured, on rank 0: it decides which pairs, for how long, and measures again where a pair is
/// unlike the others.
struct LinkSurvey {
    let probe: PairProbe
    let map: NodeMap
    let budget: ProbeBudget

    func pairs() throws -> [ClusterMeasurement.Pair] {
        let ranks = map.nodes.map(\.ranks)
        let within = PairChoice.withinNodes(ranks, limit: budget.withinLimit)
        let across = PairChoice.acrossNodes(ranks, limit: budget.acrossLimit)
        let sizeCount = ProbeBudget.smallByteCounts.count + ProbeBudget.largeByteCounts.count
        let sizeSeconds = budget.pairSeconds / Double(max(4, within.count + across.count) * sizeCount)
        let start = StopWatch.now
        return try [within, across].flatMap { chosen in
            try confirmed(measured(chosen, sizeSeconds: sizeSeconds, since: start), sizeSeconds: sizeSeconds)
        }
    }

    /// The pairs of one class, in order; those that remain when the time is up are left out, provided that each node
    /// has been covered.
    private func measured(
        _ chosen: [PairChoice.Pair], sizeSeconds: Double, since start: Double
    ) throws -> [ClusterMeasurement.Pair] {
        var open = Set(chosen.flatMap { [map.node(ofRank: $0.lead), map.node(ofRank: $0.follower)] })
        var pairs: [ClusterMeasurement.Pair] = []
        for (index, pair) in chosen.enumerated() {
            if open.isEmpty, StopWatch.now - start > budget.surveySeconds { break }
            let found = try probe.measure(
                pair, hasHandling: index < budget.handlingLimit, sizeSeconds: sizeSeconds)
            guard var link = LinkFit.link(found.times, eagerByteCount: Cluster.standardEagerByteCount) else { continue }
            if let handling = found.handling { (link.sendHandling, link.receiveHandling) = handling }
            let members = [pair.lead, pair.follower]
            let nodes = members.map(map.node(ofRank:))
            open.subtract(nodes)
            pairs.append(
                ClusterMeasurement.Pair(
                    ranks: members, nodes: nodes, times: found.times, link: link, hasHandling: found.handling != nil))
        }
        return pairs
    }

    /// The pairs, with the unusual ones measured once more: a link counts as slow when it is slow twice.
    private func confirmed(
        _ pairs: [ClusterMeasurement.Pair], sizeSeconds: Double
    ) throws -> [ClusterMeasurement.Pair] {
        guard pairs.count > 1, let typical = LinkFit.typical(pairs.map(\.link)) else { return pairs }
        return try pairs.map { pair in
            guard LinkFit.isUnlike(pair.link, typical) else { return pair }
            let again = try probe.measure(
                PairChoice.Pair(pair.ranks[0], pair.ranks[1]), hasHandling: false, sizeSeconds: sizeSeconds)
            let times = MessageTime.merged(pair.times, again.times)
            guard var link = LinkFit.link(times, eagerByteCount: Cluster.standardEagerByteCount) else { return pair }
            link.sendHandling = pair.link.sendHandling
            link.receiveHandling = pair.link.receiveHandling
            return ClusterMeasurement.Pair(
                ranks: pair.ranks, nodes: pair.nodes, times: times, link: link, hasHandling: pair.hasHandling)
        }
    }
}
