/// What the actions of a plan's schedules mean, said once: whose they are, what they wait for, and what they free. The
/// maker of schedules, the verifier, the simulator, the exporter and, in debug builds, the executor ask here.
///
/// A rank carries its list out in order. Only `run` waits: for the messages of its operands, and for buffers that hold
/// earlier results which have yet to leave. All other actions begin at once; `ScheduleProgress` says where in a list they
/// may stand for that.
public struct ScheduleRules: Sendable {
    public let plan: PartitionPlan
    /// By stage: the edges that end there, those that begin there, and the inputs of the model that it reads, by index.
    let incoming: [[Int]]
    let outgoing: [[Int]]
    let inputs: [[Int]]
    /// By stage: whether it writes outputs of the model.
    let writes: [Bool]
    /// By rank: its stages.
    let stages: [[Int]]
    /// By edge.
    private let sendSlotCounts: [Int]

    public init(_ plan: PartitionPlan) {
        self.plan = plan
        let none = [[Int]](repeating: [], count: plan.stages.count)
        var (incoming, outgoing, inputs) = (none, none, none)
        for edge in plan.edges {
            incoming[edge.to].append(edge.index)
            outgoing[edge.from].append(edge.index)
        }
        for (input, site) in plan.inputs.enumerated() { inputs[site.stage].append(input) }
        var writes = plan.stages.map { _ in false }
        for output in plan.outputs { writes[output.stage] = true }
        self.incoming = incoming
        self.outgoing = outgoing
        self.inputs = inputs
        self.writes = writes
        var stages = [[Int]](repeating: [], count: plan.stages.count)
        for stage in plan.stages { stages[stage.rank].append(stage.index) }
        self.stages = stages
        sendSlotCounts = plan.edges.map(\.sendSlotCount)
    }

    /// Edges whose messages of a microbatch a stage waits for before it computes that microbatch.
    func operands(of stage: Int) -> [Int] { incoming[stage] }

    /// The microbatch whose message over an edge has to have left before the stage that the edge begins at computes this
    /// one, since both results lie in one buffer; nil where none does.
    func leaving(on edge: Int, before microbatch: Int) -> Int? {
        let earlier = microbatch - sendSlotCounts[edge]
        return earlier >= 0 ? earlier : nil
    }

    /// The stage that an action is a part of; nil where the plan knows no such action.
    func stage(of action: Action) -> Int? {
        switch action {
        case .read(let input, _): plan.inputs.indices.contains(input) ? plan.inputs[input].stage : nil
        case .receive(let edge, _): plan.edges.indices.contains(edge) ? plan.edges[edge].to : nil
        case .send(let edge, _): plan.edges.indices.contains(edge) ? plan.edges[edge].from : nil
        case .run(let stage, _): plan.stages.indices.contains(stage) ? stage : nil
        case .write(let stage, _): plan.stages.indices.contains(stage) && writes[stage] ? stage : nil
        }
    }

    /// Actions of one stage for one microbatch.
    func actionCount(ofStage stage: Int) -> Int {
        1 + incoming[stage].count + outgoing[stage].count + inputs[stage].count + (writes[stage] ? 1 : 0)
    }

    /// Everything that must be done for a microbatch, each once.
    func actions(for microbatch: Int) -> [Action] {
        plan.stages.flatMap { stage -> [Action] in
            var list: [Action] = [.run(stage: stage.index, microbatch: microbatch)]
            for edge in incoming[stage.index] { list.append(.receive(edge: edge, microbatch: microbatch)) }
            for edge in outgoing[stage.index] { list.append(.send(edge: edge, microbatch: microbatch)) }
            for input in inputs[stage.index] { list.append(.read(input: input, microbatch: microbatch)) }
            if writes[stage.index] { list.append(.write(stage: stage.index, microbatch: microbatch)) }
            return list
        }
    }
}
