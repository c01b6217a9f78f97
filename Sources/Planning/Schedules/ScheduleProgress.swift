/// How far the stages have come, and where in a rank's list its next action may stand, whatever other ranks do: each finds
/// its operands there and its buffer free, and the messages of an edge go out and come in in one order, which is how MPI
/// matches them.
///
/// For lists that hold each action exactly once.
public struct ScheduleProgress: Sendable {
    public let rules: ScheduleRules
    /// By stage: microbatches computed so far.
    private var computed: [Int]
    /// By edge: receives posted so far.
    private var posted: [Int]
    /// By input: microbatches read so far.
    private var read: [Int]

    private var plan: PartitionPlan { rules.plan }

    public init(_ rules: ScheduleRules) {
        self.rules = rules
        computed = [Int](repeating: 0, count: rules.plan.stages.count)
        posted = [Int](repeating: 0, count: rules.plan.edges.count)
        read = [Int](repeating: 0, count: rules.plan.inputs.count)
    }

    /// The next action of a rank.
    ///
    /// - Throws: where it would not find what it needs.
    public mutating func take(_ action: Action) throws(PlanningError) {
        switch action {
        case .read(let input, let microbatch):
            let stage = plan.inputs[input].stage
            guard computed[stage] == microbatch else {
                throw error(
                    action, "comes before", .run(stage: stage, microbatch: microbatch - 1), "which needs the buffer")
            }
            read[input] += 1
        case .receive(let edge, let microbatch):
            guard posted[edge] == microbatch else {
                throw error(
                    action, "comes before", .receive(edge: edge, microbatch: posted[edge]),
                    "but an edge carries the microbatches in order")
            }
            guard microbatch - computed[plan.edges[edge].to] < plan.edges[edge].receiveSlotCount else {
                throw PlanningError("'\(action.text(in: plan))' finds no free buffer")
            }
            posted[edge] += 1
        case .run(let stage, let microbatch): try run(action, stage, microbatch)
        case .send(let edge, let microbatch): try give(action, from: plan.edges[edge].from, microbatch)
        case .write(let stage, let microbatch): try give(action, from: stage, microbatch)
        }
    }

    private mutating func run(_ action: Action, _ stage: Int, _ microbatch: Int) throws(PlanningError) {
        guard computed[stage] == microbatch else {
            throw error(
                action, "comes before", .run(stage: stage, microbatch: computed[stage]),
                "but a stage takes the microbatches in order")
        }
        for input in rules.inputs[stage] where read[input] <= microbatch {
            throw error(action, "comes before", .read(input: input, microbatch: microbatch), "whose items it needs")
        }
        for edge in rules.incoming[stage] where posted[edge] <= microbatch {
            throw error(action, "comes before", .receive(edge: edge, microbatch: microbatch), "whose message it needs")
        }
        computed[stage] += 1
    }

    /// For what takes the results of the microbatch that was computed last.
    private func give(_ action: Action, from stage: Int, _ microbatch: Int) throws(PlanningError) {
        let made = Action.run(stage: stage, microbatch: microbatch)
        guard computed[stage] > microbatch else { throw error(action, "comes before", made, "which makes its results") }
        guard computed[stage] == microbatch + 1 else {
            throw error(
                action, "comes after", .run(stage: stage, microbatch: microbatch + 1),
                "but results leave before the next are made")
        }
    }

    private func error(_ action: Action, _ relation: String, _ other: Action, _ reason: String) -> PlanningError {
        PlanningError("'\(action.text(in: plan))' \(relation) '\(other.text(in: plan))', \(reason)")
    }
}
