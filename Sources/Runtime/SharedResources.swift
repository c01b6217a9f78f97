internal import Graphs
internal import Kernels
public import MPI
public import Planning
internal import Tensors

/// What the ranks of a plan share while a job runs: how lanes get their work where that is decided during the run, and
/// the weights of replicas that are on one node. Made and freed by all ranks together.
public final class SharedResources {
    let dispatch: LaneDispatch?
    /// Nil where no other rank of the node has the same weights.
    private(set) var shelf: WeightShelf?
    private var window: SharedWindow?

    /// Collective: fails on all ranks or on none.
    ///
    /// - Parameters:
    ///   - work: of all microbatches, where lanes are chosen during the run.
    public init(
        _ rules: ScheduleRules, work: WorkTable, world: Communicator, control: ControlChannel
    ) throws {
        let plan = rules.plan
        dispatch =
            try plan.isDecidedInTheRun
            ? LaneDispatch(rules, world: world, work: work, unless: { control.hasRemoteFailure() }) : nil
        guard plan.stages.contains(where: { $0.teams.count > 1 }) else { return }
        let stage = plan.layeredStages.first { $0.ranks.contains(world.rank) }
        guard let replicas = try world.split(color: stage?.index ?? plan.stages.count)?.nodeLocal(), replicas.size > 1
        else { return }
        let constants = stage?.parameterByteCount ?? 0
        let byteCount = replicas.rank == 0 ? WeightShelf.byteCount(forConstants: constants) : 0
        // Where the node has too little shared memory each replica holds its own weights, as if it were on a node of
        // its own.
        let window: SharedWindow
        do { window = try SharedWindow(byteCount: byteCount, on: replicas) } catch { return }
        let memory = try window.storage(ofRank: 0)
        if replicas.rank == 0 { WeightShelf.prepare(memory) }
        try window.synchronize()
        self.window = window
        shelf = WeightShelf(memory, unless: { control.hasRemoteFailure() })
    }

    /// Frees everything. All ranks call it together, once all are done and have released their executors.
    public func release() throws {
        try dispatch?.release()
        shelf = nil
        try window?.free()
        window = nil
    }
}
