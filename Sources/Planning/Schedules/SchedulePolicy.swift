/// The computing of one stage on one microbatch.
public struct Computation: Sendable, Hashable {
    public let stage: Int
    public let microbatch: Int

    public init(stage: Int, microbatch: Int) {
        self.stage = stage
        self.microbatch = microbatch
    }
}

/// Who computes what, and in which order: the part of a plan that schedules are made from.
///
/// Microbatches are distributed over *lanes*: a lane is one path through the replicas of each stage, so that a plan
/// without replicas has one. A policy lists computing and nothing else. What must be read, received, sent and written
/// for it follows (`Schedule.actions`), and is the same for all policies.
public struct SchedulePolicy: Sendable, Codable, Hashable {
    public let distribution: Distribution

    public init(_ distribution: Distribution = .cyclic) { self.distribution = distribution }

    /// Microbatches that a rank computes further before it collects what other replicas have computed. Replicas may be
    /// late by this number of microbatches without delaying the rank.
    static let collectingLag = 2

    /// Microbatches after which the schedules of a plan repeat themselves: what holds for this number holds for every
    /// number.
    public func periodicMicrobatchCount(_ plan: PartitionPlan) -> Int {
        // On every lane, no buffer is in use for longer than the longest edge spans. Where several teams send to one,
        // its buffers are divided among them.
        let sent = plan.edges.reduce(1) { max($0, $1.sendSlotCount) }
        return plan.laneCount * (sent + PartitionPlan.receiveSlotCount + 2)
    }
}

extension PartitionPlan {
    /// Whether ranks learn only during the run who computes what.
    public var isDecidedInTheRun: Bool { policy.distribution.isDecidedInTheRun && laneCount > 1 }

    /// The least number of lanes on which every team of a stage has as many of them as the others.
    public var laneCount: Int {
        stages.reduce(1) { count, stage in
            var (one, other) = (count, stage.teams.count)
            while other > 0 { (one, other) = (other, one % other) }
            return count / one * stage.teams.count
        }
    }
}

extension ScheduleRules {
    /// What a rank computes, in order: its microbatches one after another, each through all of its stages. It collects
    /// what replicas have computed a few microbatches later.
    func computing(ofRank rank: Int) -> [Computation] {
        let own = stages[rank]
        let layered = own.filter { plan.stages[$0].hasLayers }
        let collecting = own.first { !plan.stages[$0].hasLayers }
        let order = collecting == nil ? [] : collectingOrder
        var list: [Computation] = []
        var collected = 0
        func collect(before turn: Int) {
            guard let collecting else { return }
            while collected < order.count, self.turn(of: Int(order[collected])) < turn {
                list.append(Computation(stage: collecting, microbatch: Int(order[collected])))
                collected += 1
            }
        }
        for place in 0..<microbatchCount {
            let microbatch = self.microbatch(at: place)
            let count = list.count
            for stage in layered where self.rank(of: stage, for: microbatch) == rank {
                list.append(Computation(stage: stage, microbatch: microbatch))
            }
            guard list.count > count else { continue }
            collect(before: turn(of: microbatch) + 1 - SchedulePolicy.collectingLag)
        }
        collect(before: .max)
        return list
    }
}
