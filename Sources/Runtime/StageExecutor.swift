public import Graphs
public import Kernels
public import MPI
public import Planning
public import Tensors

/// One rank's life: it compiles its stage, carries out its list of actions, and notes where the time went.
public final class StageExecutor {
    private let plan: PartitionPlan
    private let batching: InputBatching
    private let stage: Int
    private let communicator: Communicator
    private let control: ControlChannel
    private let weights: StageWeights
    private let arena = Arena()
    /// By number of items.
    private var programs: [Int: StageProgram] = [:]
    private let part: GraphPart

    private let incoming: [PartitionPlan.Edge]
    private let outgoing: [PartitionPlan.Edge]
    private let receiveBuffers: StageBuffers  // by position in `incoming`
    private let readBuffers: StageBuffers  // by index in `plan.inputs`
    private let resultBuffers: StageBuffers  // by position in `part.outputs`

    private var slots: TransferSlots
    private let firstSendSlot: [Int]  // by position in `outgoing`
    private let watch: WatchBox
    private var started = 0.0
    private var ended = 0.0

    /// Events kept for each rank; later ones are taken to be like the earlier ones.
    private static let eventLimit = 1 << 16

    private final class WatchBox {
        var watch = StopWatch()
        var sends: [Timeline.MessageEvent] = []
        var waits: [Timeline.MessageEvent] = []
        var receiveWait = 0.0

        /// Notes that the rank stood still from `start` until now for the message of an edge.
        func noteWait(edge: Int, microbatch: Int, since start: Double) {
            let end = StopWatch.now
            receiveWait += end - start
            guard waits.count < StageExecutor.eventLimit else { return }
            waits.append(.init(edge: edge, microbatch: microbatch, start: start, end: end))
        }
    }

    /// Reads the stage's weights and compiles it for the sizes that microbatches have.
    public init(
        graph: Graph, plan: PartitionPlan, batching: InputBatching, stage: Int, pool: WorkerPool,
        communicator: Communicator, control: ControlChannel
    ) throws {
        let began = StopWatch.now
        self.plan = plan
        self.batching = batching
        self.stage = stage
        self.communicator = communicator
        self.control = control
        weights = StageWeights(graph)
        part = plan.part(of: stage)
        incoming = plan.edges.filter { $0.to == stage }
        outgoing = plan.edges.filter { $0.from == stage }

        var fullTypes: [TensorType?] = []
        for size in batching.sizes {
            let bound = try BoundGraph(
                graph, inputTypes: batching.inputTypes(items: size), evaluate: ConstantEvaluation.evaluator)
            if fullTypes.isEmpty { fullTypes = bound.types }
            for value in part.inputs + part.outputs where bound.type(of: value) == nil {
                throw GraphError(
                    "'\(graph.name(of: value))' crosses the border of stage \(stage) at \(size) items, and its shape is "
                        + "known only while the model runs")
            }
            programs[size] = try StageProgram(bound, part: part, weights: weights, arena: arena, pool: pool)
        }
        func byteCount(_ value: ValueID) -> Int { fullTypes.isEmpty ? 0 : fullTypes[value.index]?.byteCount ?? 0 }
        try SystemMemory.require(
            incoming.reduce(0) { $0 + byteCount($1.value) * PartitionPlan.receiveSlotCount }
                + part.outputs.reduce(0) { $0 + byteCount($1) * plan.sendSlotCount(of: $1, from: stage) },
            for: "the messages of stage \(stage)")
        receiveBuffers = StageBuffers(
            byteCounts: incoming.map { byteCount($0.value) },
            slotCounts: incoming.map { _ in PartitionPlan.receiveSlotCount })
        readBuffers = StageBuffers(
            byteCounts: plan.inputs.map { $0.stage == stage ? byteCount($0.value) : 0 },
            slotCounts: plan.inputs.map { _ in 1 })
        resultBuffers = StageBuffers(
            byteCounts: part.outputs.map(byteCount),
            slotCounts: part.outputs.map { plan.sendSlotCount(of: $0, from: stage) })

        var next = incoming.count * PartitionPlan.receiveSlotCount
        firstSendSlot = outgoing.map { edge in
            defer { next += plan.sendSlotCount(of: edge.value, from: stage) }
            return next
        }
        slots = TransferSlots(capacity: next)
        watch = WatchBox()
        watch.sends.reserveCapacity(min(StageExecutor.eventLimit, outgoing.count * batching.microbatchCount))
        watch.waits.reserveCapacity(min(StageExecutor.eventLimit, incoming.count * batching.microbatchCount))
        watch.watch.count(.load, since: began)
    }

    /// Carries out this rank's actions, in the order of its list in the schedule.
    ///
    /// - Throws: what went wrong here, or `RemoteFailure` when another rank has failed meanwhile. Outstanding messages
    ///   are given up then.
    public func run(
        _ actions: [Action], source: any MicrobatchSource, sink: any MicrobatchSink,
        progress: (_ microbatch: Int) -> Void = { _ in }
    ) throws {
        started = StopWatch.now
        defer { ended = StopWatch.now }
        do {
            var current = Current()
            for action in actions {
                try carryOut(action, &current, source: source, sink: sink)
                if case .run(_, let microbatch) = action { progress(microbatch) }
            }
            for index in outgoing.indices { try finishSends(of: index) }
        } catch {
            slots.abandonAll()
            if let failure = control.remoteFailure { throw failure }
            throw error
        }
    }

    /// The tensors of the microbatch at hand, by their place among the part's inputs and outputs.
    private struct Current {
        var outputs: [Tensor] = []
    }

    private func carryOut(
        _ action: Action, _ current: inout Current, source: any MicrobatchSource, sink: any MicrobatchSink
    ) throws {
        let start = StopWatch.now
        switch action {
        case .read(let input, let microbatch):
            try source.read(input: input, microbatch: microbatch, into: inputTensor(input, microbatch))
            watch.watch.count(.inputOutput, since: start)
        case .receive(let edge, let microbatch):
            let index = incoming.firstIndex { $0.index == edge }!
            let type = type(of: plan.edges[edge].value, microbatch)
            try slots.post(
                receiveInto: receiveBuffers.tensor(index, microbatch: microbatch, type: type),
                from: plan.stages[plan.edges[edge].from].rank, tag: edge, on: communicator,
                slot: receiveSlot(index, microbatch))
            watch.watch.count(.communicate, since: start)
        case .run(_, let microbatch):
            try compute(microbatch, &current)
        case .send(let edge, let microbatch):
            let index = outgoing.firstIndex { $0.index == edge }!
            try slots.post(
                send: current.outputs[part.outputs.firstIndex(of: outgoing[index].value)!],
                to: plan.stages[plan.edges[edge].to].rank, tag: edge, on: communicator,
                slot: sendSlot(index, microbatch))
            watch.watch.count(.communicate, since: start)
            if watch.sends.count < StageExecutor.eventLimit {
                watch.sends.append(.init(edge: edge, microbatch: microbatch, start: start, end: start))
            }
        case .write(let microbatch):
            let outputs = plan.outputs.map { value in
                current.outputs[part.outputs.firstIndex(of: value)!]
            }
            try sink.write(microbatch: microbatch, outputs: outputs)
            watch.watch.count(.inputOutput, since: start)
        }
    }

    private func compute(_ microbatch: Int, _ current: inout Current) throws {
        let start = StopWatch.now
        let program = program(microbatch)
        var received: [ValueID: Tensor] = [:]
        for (index, edge) in incoming.enumerated() {
            let began = StopWatch.now
            received[edge.value] = try slots.wait(
                receive: receiveSlot(index, microbatch), unless: control.hasRemoteFailure)
            watch.noteWait(edge: edge.index, microbatch: microbatch, since: began)
        }
        for index in outgoing.indices { try awaitSend(of: index, before: microbatch) }
        let ready = watch.watch.count(.wait, since: start)

        let inputs = part.inputs.map { value in
            received[value] ?? inputTensor(plan.inputs.firstIndex { $0.value == value }!, microbatch)
        }
        current.outputs = part.outputs.indices.map {
            resultBuffers.tensor($0, microbatch: microbatch, type: program.outputTypes[$0]!)
        }
        var poking = 0.0
        try program.run(inputs: inputs, outputs: current.outputs) {
            guard slots.outstandingCount > 0 else { return }
            let began = StopWatch.now
            try slots.progress()
            poking += StopWatch.now - began
        }
        let done = watch.watch.count(.compute, since: ready + poking)
        watch.watch.count(.communicate, since: done - poking)
    }

    // MARK: Buffers and slots

    private func program(_ microbatch: Int) -> StageProgram { programs[batching.items(of: microbatch).count]! }

    private func type(of value: ValueID, _ microbatch: Int) -> TensorType {
        let program = program(microbatch)
        return program.inputTypes[part.inputs.firstIndex(of: value)!]!
    }

    private func inputTensor(_ input: Int, _ microbatch: Int) -> Tensor {
        readBuffers.tensor(input, microbatch: microbatch, type: type(of: plan.inputs[input].value, microbatch))
    }

    private func receiveSlot(_ index: Int, _ microbatch: Int) -> Int {
        index * PartitionPlan.receiveSlotCount + microbatch % PartitionPlan.receiveSlotCount
    }

    private func sendSlot(_ index: Int, _ microbatch: Int) -> Int {
        firstSendSlot[index] + microbatch % plan.sendSlotCount(of: outgoing[index].value, from: stage)
    }

    /// Waits until the buffer that a microbatch is about to overwrite has been taken by its receiver.
    private func awaitSend(of index: Int, before microbatch: Int) throws {
        let slot = sendSlot(index, microbatch)
        guard !slots.isIdle(slot) else { return }
        try slots.wait(send: slot, unless: control.hasRemoteFailure)
    }

    private func finishSends(of index: Int) throws {
        let start = StopWatch.now
        for offset in 0..<plan.sendSlotCount(of: outgoing[index].value, from: stage)
        where !slots.isIdle(firstSendSlot[index] + offset) {
            try slots.wait(send: firstSendSlot[index] + offset, unless: control.hasRemoteFailure)
        }
        watch.watch.count(.wait, since: start)
    }

    /// The types of the plan's outputs for the largest microbatch; on the last stage's rank.
    public var outputTypes: [TensorType] {
        guard let program = programs.max(by: { $0.key < $1.key })?.value else { return [] }
        return plan.outputs.map { program.outputTypes[part.outputs.firstIndex(of: $0)!]! }
    }

    // MARK: Report

    /// Where this rank's time and memory went.
    ///
    /// - Parameter clockOffset: seconds to add to this rank's clock to get rank 0's.
    public func summary(clockOffset: Double) -> Timeline.RankSummary {
        var summary = Timeline.RankSummary(rank: communicator.rank, stage: stage)
        for activity in Timeline.Activity.allCases { summary.seconds[activity] = watch.watch.total(activity) }
        summary.elapsed = ended - started
        summary.sends = watch.sends.map { $0.shifted(by: clockOffset) }
        summary.waits = watch.waits.map { $0.shifted(by: clockOffset) }
        summary.receiveWait = watch.receiveWait
        summary.peakMemory = PeakMemory.byteCount
        summary.plannedWeights = weights.byteCount
        summary.plannedActivations = arena.byteCount
        summary.plannedMessages = receiveBuffers.byteCount + readBuffers.byteCount + resultBuffers.byteCount
        return summary
    }
}

extension Timeline.MessageEvent {
    fileprivate func shifted(by offset: Double) -> Timeline.MessageEvent {
        Timeline.MessageEvent(edge: edge, microbatch: microbatch, start: start + offset, end: end + offset)
    }
}
