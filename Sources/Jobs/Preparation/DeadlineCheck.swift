internal import Planning

/// Reports before the run which deadlines no plan can meet.
struct DeadlineCheck {
    let batching: InputBatching
    let costs: LayerCosts
    let cluster: Cluster
    let itemNames: ItemNames

    /// A sentence about the items whose microbatch cannot be computed before their deadline, even if it were alone and
    /// on the fastest rank; nil where there are none. A pipeline does not make a single microbatch faster.
    var warning: String? {
        guard batching.urgencies.contains(where: { $0.deadline != nil }) else { return nil }
        let slowness = cluster.ranks.reduce(.infinity) { min($0, costs.slowness(of: $1)) }
        let full = costs.layers.reduce(0, +) * slowness
        let work = batching.work(count: batching.microbatchCount)
        var hopeless: [(item: Int, deadline: Double, least: Double)] = []
        for microbatch in 0..<batching.microbatchCount {
            let least = full * Double(work.sizes[microbatch])
            for item in batching.items(of: microbatch) {
                guard let deadline = batching.urgencies[item].deadline, deadline < least else { continue }
                hopeless.append((item, deadline, least))
            }
        }
        guard let first = hopeless.first else { return nil }
        let name = itemNames[first.item] ?? "item \(first.item)"
        let others = hopeless.count == 1 ? "" : " and \(hopeless.count - 1) more"
        let (due, least) = (Quantity.seconds(first.deadline), Quantity.seconds(first.least))
        return "no plan can keep the deadline of \(name)\(others): it is due after \(due), and its microbatch alone is "
            + "predicted to take \(least) on the fastest rank; use a smaller schedule.microbatch, more threads, or a later "
            + "deadline"
    }
}
