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
    private let part: GraphPart
    private var programs: StagePrograms
    private let messages: StageMessages
    private var readBuffers: StageBuffers  // by index in `plan.inputs`
    private var resultBuffers: StageBuffers  // by position in `part.outputs`
    private var states: [ValueID: Tensor] = [:]

    // Where things are, looked up once.
    private let operandSites: [OperandSite]  // by position in `part.inputs`
    private let operandIndex: [ValueID: Int]  // position in `part.inputs`
    private let incomingIndex: [Int: Int]  // position in `messages.incoming` by edge
    private let outgoingIndex: [Int: Int]  // position in `messages.outgoing` by edge
    private let resultIndex: [ValueID: Int]  // position in `part.outputs`
    private let written: [ValueID]  // outputs of the model that this stage writes

    /// Holds each action against the rules, in debug builds.
    private var progress: ScheduleProgress
    private var outputs: [Tensor] = []  // of the microbatch computed last, by position in `part.outputs`
    private var watch = StageWatch()

    /// Where an operand of the stage comes from.
    private enum OperandSite {
        /// Position in `messages.incoming`.
        case message(Int)
        /// Index in `plan.inputs`.
        case read(Int)
        case state(ValueID)
    }

    /// Reads the stage's weights and compiles it for the shapes that microbatches have, as many as are kept.
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
        let part = plan.part(of: stage)
        self.part = part
        programs = StagePrograms(graph, part: part, batching: batching, weights: weights, arena: arena, pool: pool)
        let messages = StageMessages(
            plan, stage: stage, communicator: communicator, unless: { control.hasRemoteFailure() })
        self.messages = messages
        let incoming = messages.incoming
        operandIndex = Dictionary(uniqueKeysWithValues: part.inputs.enumerated().map { ($1, $0) })
        operandSites = part.inputs.map { value in
            if let index = incoming.firstIndex(where: { $0.value == value }) { return .message(index) }
            if let index = plan.inputs.firstIndex(where: { $0.value == value }) { return .read(index) }
            return .state(value)
        }
        incomingIndex = Dictionary(uniqueKeysWithValues: incoming.enumerated().map { ($1.index, $0) })
        outgoingIndex = Dictionary(uniqueKeysWithValues: messages.outgoing.enumerated().map { ($1.index, $0) })
        resultIndex = Dictionary(uniqueKeysWithValues: part.outputs.enumerated().map { ($1, $0) })
        readBuffers = StageBuffers(slotCounts: plan.inputs.map { _ in 1 })
        resultBuffers = StageBuffers(slotCounts: part.outputs.map { plan.resultSlotCount(of: $0, stage: stage) })
        written = plan.outputs.filter { $0.stage == stage }.map(\.value)
        progress = ScheduleProgress(ScheduleRules(plan))
        try reserveBuffers()
        prepareStates(graph)
        try compileAhead()
        watch.reserve(
            sends: messages.outgoing.count * batching.microbatchCount,
            waits: incoming.count * batching.microbatchCount, microbatches: batching.microbatchCount)
        watch.count(.load, since: began)
    }

    /// Makes room for the largest of the microbatches that come first.
    private func reserveBuffers() throws {
        var operandBytes = [Int](repeating: 0, count: part.inputs.count)
        var resultBytes = [Int](repeating: 0, count: part.outputs.count)
        for variant in batching.variants.prefix(StagePrograms.limit) {
            let types = try programs.types(for: variant)
            operandBytes = zip(operandBytes, types.inputs).map { max($0, $1?.byteCount ?? 0) }
            resultBytes = zip(resultBytes, types.outputs).map { max($0, $1?.byteCount ?? 0) }
        }
        var total = 0
        for (site, bytes) in zip(operandSites, operandBytes) {
            if case .message(let index) = site {
                total += bytes * messages.incoming[index].receiveSlotCount
            } else {
                total += bytes
            }
        }
        for (value, bytes) in zip(part.outputs, resultBytes) {
            total += bytes * plan.resultSlotCount(of: value, stage: stage)
        }
        try SystemMemory.require(total, for: "the messages of stage \(stage)")
        for (site, bytes) in zip(operandSites, operandBytes) {
            switch site {
            case .message(let index): messages.reserve(incoming: index, byteCount: bytes)
            case .read(let index): readBuffers.reserve(index, byteCount: bytes)
            case .state: break
            }
        }
        for (index, bytes) in resultBytes.enumerated() { resultBuffers.reserve(index, byteCount: bytes) }
    }

    /// State begins as zeros.
    private func prepareStates(_ graph: Graph) {
        guard let variant = batching.variants.first else { return }
        let types = batching.inputTypes(of: variant)
        for state in plan.states where state.stage == stage {
            let type = types[graph.inputs.firstIndex { $0.value == state.input }!]
            states[state.input] = Tensor(zeros: type.dtype, shape: type.shape)
        }
    }

    private func compileAhead() throws {
        for variant in batching.variants.prefix(StagePrograms.limit) { _ = try programs.program(for: variant) }
        // Pages that are first touched while microbatches run would make the first ones slow, and predictions wrong.
        arena.populate()
        messages.populate()
        readBuffers.populate()
        resultBuffers.populate()
    }

    /// Carries out this rank's actions, in the order in which they come.
    ///
    /// - Throws: what went wrong here, or `RemoteFailure` when another rank has failed meanwhile. Outstanding messages
    ///   are given up then.
    public func run(
        _ actions: some ActionSource, source: any MicrobatchSource, sink: any MicrobatchSink,
        computed: (_ microbatch: Int) -> Void = { _ in }
    ) throws {
        watch.start()
        defer { watch.end() }
        do {
            var actions = actions
            while let action = try actions.next() {
                assert(isAllowed(action))
                try carryOut(action, source: source, sink: sink)
                if case .run(_, let microbatch) = action { computed(microbatch) }
            }
            let start = StopWatch.now
            try messages.finishSends()
            watch.note(.wait, microbatch: batching.microbatchCount, since: start)
        } catch {
            messages.abandonAll()
            if let failure = control.remoteFailure { throw failure }
            throw error
        }
    }

    /// Whether the rules have this action come now.
    private func isAllowed(_ action: Action) -> Bool {
        do { try progress.take(action) } catch {
            assertionFailure("rank \(communicator.rank): \(error)")
            return false
        }
        return true
    }

    private func carryOut(_ action: Action, source: any MicrobatchSource, sink: any MicrobatchSink) throws {
        let start = StopWatch.now
        switch action {
        case .read(let input, let microbatch):
            try source.read(input: input, microbatch: microbatch, into: inputTensor(input, microbatch))
            watch.note(.inputOutput, microbatch: microbatch, since: start)
        case .receive(let edge, let microbatch):
            let index = incomingIndex[edge]!
            let value = plan.edges[edge].value
            try messages.post(receive: index, microbatch: microbatch, type: type(of: value, microbatch))
            watch.count(.communicate, since: start)
        case .run(_, let microbatch):
            try compute(microbatch)
        case .send(let edge, let microbatch):
            try messages.post(
                send: outgoingIndex[edge]!, microbatch: microbatch, outputs[resultIndex[plan.edges[edge].value]!])
            watch.count(.communicate, since: start)
            watch.noteSend(edge: edge, microbatch: microbatch, at: start)
        case .write(_, let microbatch):
            try sink.write(microbatch: microbatch, outputs: written.map { outputs[resultIndex[$0]!] })
            watch.note(.inputOutput, microbatch: microbatch, since: start)
        }
    }

    private func compute(_ microbatch: Int) throws {
        let start = StopWatch.now
        var operands: [Tensor] = []
        operands.reserveCapacity(operandSites.count)
        for site in operandSites {
            switch site {
            case .message(let index):
                let began = StopWatch.now
                operands.append(try messages.wait(receive: index, microbatch: microbatch))
                watch.noteWait(edge: messages.incoming[index].index, microbatch: microbatch, since: began)
            case .read(let index): operands.append(try inputTensor(index, microbatch))
            case .state(let value): operands.append(states[value]!)
            }
        }
        try messages.awaitBuffers(before: microbatch)
        let waited = watch.note(.wait, microbatch: microbatch, since: start)

        let variant = batching.variant(of: microbatch)
        let isCompiled = programs.hasProgram(for: variant)
        let program = try programs.program(for: variant)
        let buffers = program.outputTypes.enumerated().map { index, type in
            type.map { resultBuffers.tensor(index, microbatch: microbatch, type: $0) }
        }
        // A shape that comes up for the first time was compiled now.
        let ready = isCompiled ? waited : watch.count(.compile, since: waited)
        var poking = 0.0
        do {
            outputs = try program.run(inputs: operands, outputs: buffers, items: batching.items(of: microbatch)) {
                guard messages.outstandingCount > 0 else { return }
                let began = StopWatch.now
                try messages.progress()
                poking += StopWatch.now - began
            }
        } catch let error where !(error is MPIError) {
            throw MicrobatchFailure(microbatch: microbatch, reason: "\(error)", node: error as? NodeFailure)
        }
        keepStates()
        let done = watch.count(.compute, since: ready + poking)
        watch.count(.communicate, since: done - poking)
        watch.keep(.compute, microbatch: microbatch, from: ready, to: done)
        watch.noteMemory(microbatch: microbatch)
    }

    private func keepStates() {
        for state in plan.states where state.stage == stage {
            let made = outputs[resultIndex[state.output]!]
            made.withBytes { bytes in states[state.input]!.withMutableBytes { $0.copyMemory(from: bytes) } }
        }
    }

    // MARK: Types and buffers

    /// Nil where the header will tell it.
    private func type(of value: ValueID, _ microbatch: Int) throws -> TensorType? {
        try programs.types(for: batching.variant(of: microbatch)).inputs[operandIndex[value]!]
    }

    private func inputTensor(_ input: Int, _ microbatch: Int) throws -> Tensor {
        let type = try type(of: plan.inputs[input].value, microbatch)!
        return readBuffers.tensor(input, microbatch: microbatch, type: type)
    }

    /// The types of the outputs that this stage writes for a variant; nil where only the run can tell.
    public func outputTypes(for variant: InputBatching.Variant) throws -> [TensorType?] {
        let types = try programs.types(for: variant).outputs
        return written.map { types[resultIndex[$0]!] }
    }

    // MARK: Report

    /// Where this rank's time and memory went.
    ///
    /// - Parameter clockOffset: seconds to add to this rank's clock to get rank 0's.
    public func summary(clockOffset: Double) -> Timeline.RankSummary {
        var summary = Timeline.RankSummary(rank: communicator.rank, stage: stage)
        watch.report(into: &summary, clockOffset: clockOffset)
        summary.peakMemory = PeakMemory.byteCount
        summary.plannedWeights = weights.byteCount
        summary.plannedActivations = arena.byteCount
        summary.plannedMessages = messages.byteCount + readBuffers.byteCount + resultBuffers.byteCount
        return summary
    }
}
