@testable import Planning

extension PartitionPlan {
    /// The plan with messages of another length, in the pieces that a cluster has for them.
    func withMessages(of byteCount: Int, on cluster: Cluster) -> PartitionPlan {
        var plan = self
        plan.edges = edges.map { edge in
            let link = cluster.link(from: stages[edge.from].ranks[0], to: stages[edge.to].ranks[0])
            return Edge(
                index: edge.index, value: edge.value, name: edge.name, from: edge.from, to: edge.to,
                byteCount: byteCount, hasHeader: edge.hasHeader,
                pieceCount: cluster.pieceCount(byteCount, over: link), sendSlotCount: edge.sendSlotCount,
                receiveSlotCount: edge.receiveSlotCount)
        }
        return plan
    }
}

extension Placement {
    /// Of plans without replicas.
    var ranks: [Int] { teams.map { $0[0].lead } }
}
