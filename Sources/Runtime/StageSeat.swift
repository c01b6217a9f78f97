internal import Graphs
internal import Kernels
internal import Planning
internal import Tensors

/// One stage on one rank: its programs, the buffers of its results, and the state that it carries.
final class StageSeat {
    /// Where an operand of the stage comes from.
    enum Operand {
        /// An edge that ends here: its number, the stage it begins at, what flows, and its position in
        /// `RankMessages.incoming`.
        case edge(Int, from: Int, value: ValueID, position: Int)
        /// Index in `plan.inputs`.
        case read(Int)
        case state(ValueID)
    }

    let stage: Int
    let part: GraphPart
    var programs: StagePrograms
    let operands: [Operand]  // by position in `part.inputs`
    let operandIndex: [ValueID: Int]  // position in `part.inputs`
    let resultIndex: [ValueID: Int]  // position in `part.outputs`
    let outgoing: [Int]  // positions in `RankMessages.outgoing`
    let written: [ValueID]  // outputs of the model that the stage writes
    var resultBuffers: StageBuffers  // by position in `part.outputs`
    /// Microbatches computed so far.
    private(set) var turn = 0
    /// Of the microbatch computed last, by position in `part.outputs`.
    private(set) var results: [Tensor] = []
    private var states: [ValueID: Tensor] = [:]
    private let carried: [PartitionPlan.StateSite]
    /// Results that stages of the same rank have not taken yet: as many microbatches as there are buffers, taken in
    /// turn.
    private var kept: [(microbatch: Int, results: [Tensor])]

    /// - Parameter keepsResults: whether a stage of the same rank takes some of them.
    init(
        _ graph: Graph, plan: PartitionPlan, batching: InputBatching, stage: Int, messages: RankMessages,
        weights: StageWeights, arena: Arena, pool: WorkerPool, keepsResults: Bool
    ) {
        self.stage = stage
        let part = plan.part(of: stage)
        self.part = part
        programs = StagePrograms(graph, part: part, batching: batching, weights: weights, arena: arena, pool: pool)
        operandIndex = Dictionary(uniqueKeysWithValues: part.inputs.enumerated().map { ($1, $0) })
        resultIndex = Dictionary(uniqueKeysWithValues: part.outputs.enumerated().map { ($1, $0) })
        let incoming = messages.incoming
        operands = part.inputs.map { value in
            if let index = incoming.firstIndex(where: { $0.value == value && $0.to == stage }) {
                let edge = incoming[index]
                return .edge(edge.index, from: edge.from, value: value, position: index)
            }
            if let index = plan.inputs.firstIndex(where: { $0.value == value }) { return .read(index) }
            return .state(value)
        }
        outgoing = messages.outgoing.indices.filter { messages.outgoing[$0].from == stage }
        written = plan.outputs.filter { $0.stage == stage }.map(\.value)
        // A stage without layers passes on what it is given.
        let slotCounts = part.outputs.map { part.nodes.isEmpty ? 0 : plan.resultSlotCount(of: $0, stage: stage) }
        resultBuffers = StageBuffers(slotCounts: slotCounts)
        carried = plan.states.filter { $0.stage == stage }
        kept = keepsResults ? Array(repeating: (-1, []), count: slotCounts.max() ?? 1) : []
        prepareStates(graph, batching)
    }

    /// State begins as zeros.
    private func prepareStates(_ graph: Graph, _ batching: InputBatching) {
        guard !carried.isEmpty, let variant = batching.variants.first else { return }
        let types = batching.inputTypes(of: variant)
        for state in carried {
            let type = types[graph.inputs.firstIndex { $0.value == state.input }!]
            states[state.input] = Tensor(zeros: type.dtype, shape: type.shape)
        }
    }

    func state(_ value: ValueID) -> Tensor { states[value]! }

    /// The result of the last microbatch.
    func result(_ value: ValueID) -> Tensor { results[resultIndex[value]!] }

    /// A result that was kept for another stage of the rank.
    func result(_ value: ValueID, of microbatch: Int) -> Tensor {
        kept.first { $0.microbatch == microbatch }!.results[resultIndex[value]!]
    }

    /// Takes what was computed.
    func finish(_ microbatch: Int, _ made: [Tensor]) {
        results = made
        for state in carried {
            result(state.output).withBytes { bytes in
                states[state.input]!.withMutableBytes { $0.copyMemory(from: bytes) }
            }
        }
        if !kept.isEmpty { kept[turn % kept.count] = (microbatch, made) }
        turn += 1
    }

    /// The types of the results that are written, for a variant; nil where they are known only during the run.
    func writtenTypes(for variant: InputBatching.Variant) throws -> [TensorType?] {
        let types = try programs.types(for: variant).outputs
        return written.map { types[resultIndex[$0]!] }
    }
}
