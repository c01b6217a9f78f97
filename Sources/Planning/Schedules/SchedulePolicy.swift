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
/// A policy lists computing and nothing else. What must be read, received, sent and written for it follows
/// (`Schedule.actions`), and is the same for all policies.
public enum SchedulePolicy: String, Sendable, Codable, Hashable {
    /// Every stage takes all microbatches, in the order in which they come.
    case forward
}

extension SchedulePolicy {
    /// What a rank computes, in order.
    ///
    /// - Parameter stages: of the rank.
    func computing(_ stages: [Int], microbatchCount: Int) -> [Computation] {
        switch self {
        case .forward:
            (0..<microbatchCount).flatMap { microbatch in
                stages.map { Computation(stage: $0, microbatch: microbatch) }
            }
        }
    }

    /// Microbatches after which schedules repeat themselves: what holds for so many holds for any number.
    public func periodicMicrobatchCount(_ plan: PartitionPlan) -> Int {
        switch self {
        // No buffer waits for longer than the farthest edge is long.
        case .forward: (plan.edges.map(\.sendSlotCount).max() ?? 1) + PartitionPlan.receiveSlotCount + 2
        }
    }
}
