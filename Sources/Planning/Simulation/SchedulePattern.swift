/// A schedule whose ranks do the same from microbatch to microbatch: what each does before its first one, and from the end
/// of one to the beginning of the next. Long schedules are simulated from it without being written out.
struct SchedulePattern {
    /// An action, with its microbatch counted from the one that was computed last (-1 before the first).
    struct Step {
        enum Kind { case read, receive, send, write }

        let kind: Kind
        /// Of an input or an edge.
        let index: Int
        let ahead: Int
    }

    /// By stage.
    private(set) var first: [[Step]] = []
    private(set) var between: [[Step]] = []

    /// Microbatches that show whether lists repeat.
    static let sampleCount = 4

    /// Nil where the plan's schedules have no such pattern.
    init?(of plan: PartitionPlan) {
        self.init(Schedule(of: plan, microbatchCount: SchedulePattern.sampleCount), of: plan)
    }

    /// - Parameter schedule: for `sampleCount` microbatches.
    /// - Returns: nil where a rank's list is not that of one stage which takes microbatch after microbatch in the same way.
    init?(_ schedule: Schedule, of plan: PartitionPlan) {
        guard schedule.microbatchCount == SchedulePattern.sampleCount, plan.stages.allSatisfy({ $0.teams.count == 1 })
        else { return nil }
        for stage in plan.stages {
            var parts: [[Step]] = [[]]
            for action in schedule.actions[stage.ranks[0]] {
                let done = parts.count - 2
                let step: Step
                switch action {
                case .run(let index, let microbatch):
                    guard index == stage.index, microbatch == done + 1 else { return nil }
                    parts.append([])
                    continue
                case .read(let input, let microbatch):
                    step = Step(kind: .read, index: input, ahead: microbatch - done)
                case .receive(let edge, let microbatch):
                    step = Step(kind: .receive, index: edge, ahead: microbatch - done)
                case .send(let edge, let microbatch):
                    step = Step(kind: .send, index: edge, ahead: microbatch - done)
                case .write(_, let microbatch): step = Step(kind: .write, index: 0, ahead: microbatch - done)
                }
                parts[parts.count - 1].append(step)
            }
            guard parts.count == SchedulePattern.sampleCount + 1,
                parts[0].allSatisfy({ $0.kind == .read || $0.kind == .receive }),
                parts[1].allSatisfy({ $0.ahead >= 0 && ($0.kind == .send || $0.kind == .write) == ($0.ahead == 0) })
            else { return nil }
            // At the end of a list, only actions for microbatches that do not exist may be missing.
            for (done, part) in parts.enumerated().dropFirst(2) {
                let expected = parts[1].filter { done - 1 + $0.ahead < SchedulePattern.sampleCount }
                guard part.elementsEqual(expected, by: { $0.isSame(as: $1) }) else { return nil }
            }
            first.append(parts[0])
            between.append(parts[1])
        }
    }
}

extension SchedulePattern.Step {
    fileprivate func isSame(as other: Self) -> Bool {
        kind == other.kind && index == other.index && ahead == other.ahead
    }
}
