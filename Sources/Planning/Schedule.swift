/// What every rank does, in order: the value that is executed on MPI, verified, and simulated.
public struct Schedule: Sendable, Codable, Hashable {
    public let microbatchCount: Int
    /// By rank.
    public let actions: [[Action]]

    public init(microbatchCount: Int, actions: [[Action]]) {
        self.microbatchCount = microbatchCount
        self.actions = actions
    }

    /// The forward pipeline: every rank takes the microbatches in order, and posts the receives of the next one before
    /// it computes on the one at hand, so that transfers and computing overlap.
    public static func pipeline(_ plan: PartitionPlan, microbatchCount: Int) -> Schedule {
        let (incoming, outgoing) = plan.edgesByStage
        var inputs = [[Int]](repeating: [], count: plan.stages.count)
        for (input, site) in plan.inputs.enumerated() { inputs[site.stage].append(input) }
        var actions = [[Action]](repeating: [], count: plan.stages.count)
        for stage in plan.stages {
            actions[stage.rank] = pipelineActions(
                plan, stage: stage.index, incoming: incoming[stage.index], outgoing: outgoing[stage.index],
                inputs: inputs[stage.index], microbatchCount: microbatchCount)
        }
        return Schedule(microbatchCount: microbatchCount, actions: actions)
    }

    /// One stage's list of the forward pipeline. A rank of a long job keeps only its own.
    public static func pipelineActions(_ plan: PartitionPlan, stage: Int, microbatchCount: Int) -> [Action] {
        pipelineActions(
            plan, stage: stage, incoming: plan.edges.filter { $0.to == stage }.map(\.index),
            outgoing: plan.edges.filter { $0.from == stage }.map(\.index),
            inputs: plan.inputs.indices.filter { plan.inputs[$0].stage == stage }, microbatchCount: microbatchCount)
    }

    private static func pipelineActions(
        _ plan: PartitionPlan, stage: Int, incoming: [Int], outgoing: [Int], inputs: [Int], microbatchCount: Int
    ) -> [Action] {
        let isLast = stage == plan.stages.count - 1
        var list: [Action] = []
        list.reserveCapacity(
            microbatchCount * (incoming.count + outgoing.count + inputs.count + (isLast ? 2 : 1)))
        func receive(_ microbatch: Int) {
            guard microbatch < microbatchCount else { return }
            for edge in incoming { list.append(.receive(edge: edge, microbatch: microbatch)) }
        }
        for ahead in 0..<(PartitionPlan.receiveSlotCount - 1) { receive(ahead) }
        for microbatch in 0..<microbatchCount {
            receive(microbatch + PartitionPlan.receiveSlotCount - 1)
            for input in inputs { list.append(.read(input: input, microbatch: microbatch)) }
            list.append(.run(stage: stage, microbatch: microbatch))
            for edge in outgoing { list.append(.send(edge: edge, microbatch: microbatch)) }
            if isLast { list.append(.write(microbatch: microbatch)) }
        }
        return list
    }

    /// Microbatches after which the forward pipeline of a plan repeats itself: no buffer waits for longer than the
    /// pipeline is long, so what holds for so many microbatches holds for any number.
    public static func periodicMicrobatchCount(_ plan: PartitionPlan) -> Int {
        plan.stages.count + PartitionPlan.receiveSlotCount + 2
    }

    /// One line a rank: `r1: recv e0 m0 <-r0 | run s1 m0 | ...`.
    public func text(of plan: PartitionPlan) -> String {
        actions.enumerated().map { rank, actions in
            "r\(rank): " + actions.map { $0.text(in: plan) }.joined(separator: " | ")
        }.joined(separator: "\n")
    }
}
