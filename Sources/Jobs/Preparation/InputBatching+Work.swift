internal import Planning

extension InputBatching {
    /// What is known of the first microbatches. Their cost is assumed to be in proportion to the elements of their
    /// inputs.
    func work(count: Int) -> WorkTable {
        let full = max(1, elementCount(of: representative))
        var table = WorkTable()
        for microbatch in 0..<count {
            let variant = variant(of: microbatch)
            table.append(size: elementCount(of: variant) / full, shape: variant.shapeClass)
        }
        if !urgencies.isEmpty {
            let urgencies = (0..<count).map { urgency(of: $0) }
            table.setOrder(
                (0..<count).sorted { urgencies[$0] < urgencies[$1] || !(urgencies[$1] < urgencies[$0]) && $0 < $1 })
        }
        return table
    }

    /// Who computes what, in a plan for all microbatches of the job.
    ///
    /// - Parameter limit: how many microbatches are considered, from the first on.
    func sharing(_ plan: PartitionPlan, costs: LayerCosts, cluster: Cluster, limit: Int = .max) -> LaneSharing {
        let count = min(limit, microbatchCount)
        // Most plans share microbatches out without asking what they cost: of millions none is looked at.
        guard plan.policy.distribution.usesCosts && plan.laneCount > 1 || !urgencies.isEmpty else {
            return LaneSharing(plan, work: WorkTable(alike: count))
        }
        let paces = ScheduleCosts(plan, costs: costs, microbatchSizes: []).paces(of: plan, on: cluster)
        return LaneSharing(plan, work: work(count: count), paces: paces)
    }
}
