public import Graphs
public import Kernels
public import MPI
public import Planning
public import Tensors

/// The work of one rank: it compiles its stages, carries out its actions, and records where the time went.
public final class RankExecutor {
    private(set) var rules: ScheduleRules
    private let batching: InputBatching
    private let communicator: Communicator
    private let control: ControlChannel
    private let dispatch: LaneDispatch?
    private let weights: StageWeights
    private let arena = Arena()
    private let messages: RankMessages
    private let seats: [StageSeat]
    private var readBuffers: StageBuffers  // by index in `plan.inputs`

    // Where things are, looked up once.
    private let seatOfStage: [Int?]  // by stage: position in `seats`
    private let incomingIndex: [Int: Int]  // position in `messages.incoming` by edge
    private let outgoingIndex: [Int: Int]  // position in `messages.outgoing` by edge

    /// Checks each action against the rules, in debug builds.
    private var progress: ScheduleProgress
    private var watch = StageWatch()

    private var plan: PartitionPlan { rules.plan }

    /// Reads the weights of the rank's stages and compiles them for the shapes of microbatches, as many shapes as
    /// programs are kept.
    ///
    /// - Parameters:
    ///   - rules: of the plan, for all microbatches of the job.
    ///   - shared: with the other ranks of the plan.
    public init(
        graph: Graph, rules: ScheduleRules, batching: InputBatching, shared: SharedResources, pool: WorkerPool,
        communicator: Communicator, control: ControlChannel
    ) throws {
        let began = StopWatch.now
        self.rules = rules
        self.batching = batching
        self.communicator = communicator
        self.control = control
        let plan = rules.plan
        let dispatch = shared.dispatch
        self.dispatch = dispatch
        let stages = plan.stages(ofRank: communicator.rank)
        let weights = StageWeights(graph, shelf: shared.shelf)
        self.weights = weights
        let messages = RankMessages(
            rules, stages: stages, communicator: communicator,
            unless: {
                // While this rank waits for a message, it does what others need from it.
                dispatch?.serveWhileWaiting()
                return control.hasRemoteFailure()
            })
        self.messages = messages
        let arena = arena
        seats = stages.map { stage in
            StageSeat(
                graph, plan: plan, batching: batching, stage: stage, messages: messages, weights: weights, arena: arena,
                pool: pool, keepsResults: plan.edges.contains { $0.from == stage && stages.contains($0.to) })
        }
        seatOfStage = plan.stages.indices.map { stages.firstIndex(of: $0) }
        incomingIndex = Dictionary(uniqueKeysWithValues: messages.incoming.enumerated().map { ($1.index, $0) })
        outgoingIndex = Dictionary(uniqueKeysWithValues: messages.outgoing.enumerated().map { ($1.index, $0) })
        readBuffers = StageBuffers(slotCounts: plan.inputs.map { _ in 1 })
        progress = ScheduleProgress(rules)
        try reserveBuffers()
        try compileAhead()
        watch.reserve(
            sends: messages.outgoing.count * batching.microbatchCount,
            waits: messages.incoming.count * batching.microbatchCount, microbatches: batching.microbatchCount)
        watch.count(.load, since: began)
    }

    /// Makes room for the largest of the microbatches that come first.
    private func reserveBuffers() throws {
        for seat in seats {
            let part = seat.part
            var operandBytes = [Int](repeating: 0, count: part.inputs.count)
            var resultBytes = [Int](repeating: 0, count: part.outputs.count)
            for variant in batching.variants.prefix(StagePrograms.limit) {
                let types = try seat.programs.types(for: variant)
                operandBytes = zip(operandBytes, types.inputs).map { max($0, $1?.byteCount ?? 0) }
                resultBytes = zip(resultBytes, types.outputs).map { max($0, $1?.byteCount ?? 0) }
            }
            var total = 0
            for (operand, bytes) in zip(seat.operands, operandBytes) {
                if case .edge(_, _, _, let position) = operand {
                    total += bytes * messages.incoming[position].receiveSlotCount
                } else {
                    total += bytes
                }
            }
            for (index, bytes) in resultBytes.enumerated() { total += bytes * seat.resultBuffers.slotCount(index) }
            try SystemMemory.require(total, for: "the messages of stage \(seat.stage)")
            for (operand, bytes) in zip(seat.operands, operandBytes) {
                switch operand {
                case .edge(_, _, _, let position): messages.reserve(incoming: position, byteCount: bytes)
                case .read(let index): readBuffers.reserve(index, byteCount: bytes)
                case .state: break
                }
            }
            for (index, bytes) in resultBytes.enumerated() { seat.resultBuffers.reserve(index, byteCount: bytes) }
        }
    }

    private func compileAhead() throws {
        for seat in seats where !seat.part.nodes.isEmpty {
            for variant in batching.variants.prefix(StagePrograms.limit) {
                _ = try seat.programs.program(for: variant)
            }
        }
        // Pages that are first touched while microbatches run would make the first ones slow, and predictions wrong.
        arena.populate()
        messages.populate()
        readBuffers.populate()
        for seat in seats { seat.resultBuffers.populate() }
    }

    /// Carries out this rank's actions: those that follow from the plan, or those that are decided during the run.
    ///
    /// - Parameter computed: called when the last of the rank's stages is done with a microbatch.
    /// - Throws: what went wrong here, or `RemoteFailure` when another rank has failed meanwhile. Outstanding messages
    ///   are given up then.
    public func run(
        source: any MicrobatchSource, sink: any MicrobatchSink, computed: (_ microbatch: Int) -> Void = { _ in }
    ) throws {
        watch.start()
        defer { watch.end() }
        do {
            if let dispatch {
                try follow(LaneDispatcher(self, dispatch), source, sink, computed)
                try dispatch.finish()
            } else {
                try follow(
                    ActionList(Schedule.actions(ofRank: communicator.rank, rules)), source, sink, computed)
            }
            let start = StopWatch.now
            try messages.finishSends()
            watch.note(.wait, microbatch: batching.microbatchCount, since: start)
        } catch {
            messages.abandonAll()
            dispatch?.abandon()
            if let failure = control.remoteFailure { throw failure }
            throw error
        }
    }

    private func follow(
        _ source: some ActionSource, _ inputs: any MicrobatchSource, _ sink: any MicrobatchSink,
        _ computed: (_ microbatch: Int) -> Void
    ) throws {
        var actions = source
        while let action = try actions.next() {
            assert(isAllowed(action))
            try carryOut(action, source: inputs, sink: sink)
            if case .run(let stage, let microbatch) = action, stage == seats.last?.stage { computed(microbatch) }
        }
    }

    // MARK: What is decided during the run

    /// Notes which lane computes a microbatch.
    func give(_ microbatch: Int, to lane: Int) {
        rules.give(microbatch, to: lane)
        progress.give(microbatch, to: lane)
    }

    /// Whether the next message of a lane has arrived over an edge that ends here, as far as the last poll shows.
    func hasCome(over edge: Int, lane: Int) -> Bool {
        messages.hasCome(incomingIndex[edge]!, ring: rules.ringCount(of: edge) == 1 ? 0 : lane)
    }

    /// Whether one more receive of a lane's message finds a buffer.
    func canReceive(over edge: Int, lane: Int) -> Bool {
        messages.canPost(incomingIndex[edge]!, ring: rules.ringCount(of: edge) == 1 ? 0 : lane)
    }

    /// Lets messages move while there is nothing to do.
    ///
    /// - Throws: `MPIError` where a rank has failed.
    func lookAround() throws {
        try messages.progress()
        if control.hasRemoteFailure(), let failure = control.remoteFailure { throw failure }
    }

    /// Counts the time since `start` as waiting.
    func noteIdleness(since start: Double, before microbatch: Int) {
        watch.note(.wait, microbatch: microbatch, since: start)
    }

    /// Whether the rules allow this action now.
    private func isAllowed(_ action: Action) -> Bool {
        do { try progress.take(action) } catch {
            assertionFailure("rank \(communicator.rank): \(error)")
            return false
        }
        return true
    }

    private func seat(of stage: Int) -> StageSeat { seats[seatOfStage[stage]!] }

    private func carryOut(_ action: Action, source: any MicrobatchSource, sink: any MicrobatchSink) throws {
        let start = StopWatch.now
        switch action {
        case .read(let input, let microbatch):
            try source.read(input: input, microbatch: microbatch, into: inputTensor(input, microbatch))
            watch.note(.inputOutput, microbatch: microbatch, since: start)
        case .receive(let edge, let microbatch):
            let seat = seat(of: rules.target(of: edge))
            let variant = batching.variant(of: microbatch)
            let type = try seat.programs.types(for: variant).inputs[seat.operandIndex[plan.edges[edge].value]!]
            try messages.post(
                receive: incomingIndex[edge]!, ring: rules.ring(of: edge, for: microbatch),
                from: rules.sender(over: edge, of: microbatch), type: type)
            watch.count(.communicate, since: start)
        case .run(let stage, let microbatch):
            try compute(seat(of: stage), microbatch)
        case .send(let edge, let microbatch):
            let seat = seat(of: rules.source(of: edge))
            try messages.post(
                send: outgoingIndex[edge]!, to: rules.receiver(over: edge, of: microbatch), turn: seat.turn - 1,
                seat.result(plan.edges[edge].value))
            watch.count(.communicate, since: start)
            watch.noteSend(edge: edge, microbatch: microbatch, at: start)
        case .write(let stage, let microbatch):
            let seat = seat(of: stage)
            try sink.write(microbatch: microbatch, outputs: seat.written.map(seat.result))
            watch.note(.inputOutput, microbatch: microbatch, since: start)
        }
    }

    private func compute(_ seat: StageSeat, _ microbatch: Int) throws {
        let start = StopWatch.now
        var operands: [Tensor] = []
        operands.reserveCapacity(seat.operands.count)
        for operand in seat.operands {
            switch operand {
            case .edge(let edge, let source, let value, let position):
                if rules.isWithinRank(edge, microbatch) {
                    operands.append(self.seat(of: source).result(value, of: microbatch))
                    continue
                }
                let began = StopWatch.now
                operands.append(
                    try messages.wait(
                        receive: position, ring: rules.ring(of: edge, for: microbatch),
                        from: rules.sender(over: edge, of: microbatch)))
                watch.noteWait(edge: edge, microbatch: microbatch, since: began)
            case .read(let index): operands.append(try inputTensor(index, microbatch))
            case .state(let value): operands.append(seat.state(value))
            }
        }
        for index in seat.outgoing { try messages.awaitBuffer(of: index, before: seat.turn) }
        let waited = watch.note(.wait, microbatch: microbatch, since: start)
        guard !seat.part.nodes.isEmpty else {
            // Nothing to compute: what has arrived is passed on.
            return seat.finish(microbatch, seat.part.outputs.map { operands[seat.operandIndex[$0]!] })
        }

        let variant = batching.variant(of: microbatch)
        let isCompiled = seat.programs.hasProgram(for: variant)
        let program = try seat.programs.program(for: variant)
        let buffers = program.outputTypes.enumerated().map { index, type in
            type.map { seat.resultBuffers.tensor(index, turn: seat.turn, type: $0) }
        }
        // A shape that occurs for the first time was compiled now.
        let ready = isCompiled ? waited : watch.count(.compile, since: waited)
        var poking = 0.0
        do {
            let made = try program.run(inputs: operands, outputs: buffers, items: batching.items(of: microbatch)) {
                guard messages.outstandingCount > 0 || dispatch != nil else { return }
                let began = StopWatch.now
                try messages.progress()
                try dispatch?.serve()
                poking += StopWatch.now - began
            }
            seat.finish(microbatch, made)
        } catch let error where !(error is MPIError) {
            throw MicrobatchFailure(microbatch: microbatch, reason: "\(error)", node: error as? NodeFailure)
        }
        let done = watch.count(.compute, since: ready + poking)
        watch.count(.communicate, since: done - poking)
        watch.keep(.compute, microbatch: microbatch, from: ready, to: done)
        watch.noteMemory(microbatch: microbatch)
    }

    private func inputTensor(_ input: Int, _ microbatch: Int) throws -> Tensor {
        let site = plan.inputs[input]
        let seat = seat(of: site.stage)
        let types = try seat.programs.types(for: batching.variant(of: microbatch)).inputs
        return readBuffers.tensor(input, turn: 0, type: types[seat.operandIndex[site.value]!]!)
    }

    /// The types of the outputs that this rank writes for a variant; nil where they are known only during the run.
    public func outputTypes(for variant: InputBatching.Variant) throws -> [TensorType?] {
        try seats.flatMap { try $0.writtenTypes(for: variant) }
    }

    // MARK: Report

    /// What this rank's time and memory were used for.
    ///
    /// - Parameter clockOffset: seconds to add to this rank's clock to get rank 0's.
    public func summary(clockOffset: Double) -> Timeline.RankSummary {
        var summary = Timeline.RankSummary(rank: communicator.rank, stages: seats.map(\.stage))
        watch.report(into: &summary, clockOffset: clockOffset)
        summary.peakMemory = PeakMemory.byteCount
        summary.plannedWeights = weights.byteCount
        summary.sharedWeights = weights.sharedByteCount
        summary.plannedActivations = arena.byteCount
        summary.plannedMessages = seats.reduce(messages.byteCount + readBuffers.byteCount) {
            $0 + $1.resultBuffers.byteCount
        }
        return summary
    }
}
