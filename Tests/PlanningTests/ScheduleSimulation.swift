import Graphs
import TestSupport

@testable import Planning

/// Carries a schedule out as the executor does, with numbers for tensors: rings of buffers, messages of an edge between two
/// ranks matched in the order they were posted, sends that complete only once their receive is posted. Written
/// independently of the verifier, to compare it with what really happens.
struct ScheduleSimulation {
    /// What went wrong, as far as a test needs to know.
    struct Failure: Error { let reason: String }

    private struct Content {
        let number: UInt64
        let microbatch: Int
    }

    private struct Route: Hashable {
        let edge: Int
        let from: Int
        let to: Int
    }

    /// The messages of one route, by order of posting: what the receiver made room for, and what the sender gave.
    private struct Channel {
        var receives: [Int] = []
        var sends: [Content] = []
    }

    /// A message, by its place among those of its route.
    private struct Ticket {
        let route: Route
        let place: Int
    }

    /// A stage on a rank.
    private struct Seat {
        var turn = 0
        /// By value, a ring.
        var results: [ValueID: [Content?]] = [:]
        /// By edge and slot: the message that still reads the buffer.
        var sending: [Int: [Int: Ticket]] = [:]
    }

    private struct Rank {
        var next = 0
        var seats: [Int: Seat] = [:]
        var items: [Int: Content] = [:]
        /// By edge: messages that are posted, in order.
        var receiving: [Int: [Ticket]] = [:]
    }

    private let plan: PartitionPlan
    private let rules: ScheduleRules
    private let run: SymbolicRun
    private let parts: [GraphPart]
    private var ranks: [Rank]
    private var channels: [Route: Channel] = [:]
    private var written: [Int: [ValueID: UInt64]] = [:]

    init(_ plan: PartitionPlan, _ bound: BoundGraph, microbatchCount: Int) {
        self.init(plan, bound, ScheduleRules(plan, microbatchCount: microbatchCount))
    }

    init(_ plan: PartitionPlan, _ bound: BoundGraph, sharing: LaneSharing) {
        self.init(plan, bound, ScheduleRules(plan, sharing: sharing))
    }

    private init(_ plan: PartitionPlan, _ bound: BoundGraph, _ rules: ScheduleRules) {
        self.plan = plan
        self.rules = rules
        run = SymbolicRun(bound)
        parts = plan.stages.indices.map(plan.part)
        ranks = (0..<plan.rankCount).map { _ in Rank() }
        for stage in plan.stages { for rank in stage.ranks { ranks[rank].seats[stage.index] = Seat() } }
    }

    /// - Throws: `Failure` unless all outputs of all microbatches come out right.
    mutating func carryOut(_ schedule: Schedule, _ random: inout SplitMix) throws {
        while true {
            let ready = try ranks.indices.filter { rank in
                guard ranks[rank].next < schedule.actions[rank].count else { return false }
                return try canStart(schedule.actions[rank][ranks[rank].next], rank: rank)
            }
            guard let rank = ready.randomElement(using: &random) else { break }
            try start(schedule.actions[rank][ranks[rank].next], rank: rank)
            ranks[rank].next += 1
        }
        for rank in ranks.indices where ranks[rank].next < schedule.actions[rank].count {
            throw Failure(reason: "deadlock")
        }
        for channel in channels.values where channel.sends.count != channel.receives.count {
            throw Failure(reason: "a message has no other end")
        }
        for microbatch in 0..<schedule.microbatchCount {
            guard written[microbatch] == (try run.outputs(microbatch: microbatch)) else {
                throw Failure(reason: "wrong results")
            }
        }
    }

    private func owner(_ stage: Int, _ microbatch: Int) -> Int { rules.rank(of: stage, for: microbatch) }

    private func route(_ edge: Int, _ microbatch: Int) -> Route {
        Route(
            edge: edge, from: owner(plan.edges[edge].from, microbatch), to: owner(plan.edges[edge].to, microbatch))
    }

    /// One for each stage that it has to survive until its last use, and one to be filled.
    private func slots(_ edge: Int) -> Int { plan.edges[edge].sendSlotCount }

    private func canStart(_ action: Action, rank: Int) throws -> Bool {
        guard case .run(let stage, let microbatch) = action, let seat = ranks[rank].seats[stage] else { return true }
        for edge in plan.edges where edge.to == stage && route(edge.index, microbatch).from != rank {
            guard let ticket = ranks[rank].receiving[edge.index]?.first else {
                throw Failure(reason: "waits for a receive that was never posted")
            }
            if channels[ticket.route, default: Channel()].sends.count <= ticket.place { return false }
        }
        for edge in plan.edges where edge.from == stage {
            guard let ticket = seat.sending[edge.index]?[seat.turn % slots(edge.index)] else { continue }
            if channels[ticket.route, default: Channel()].receives.count <= ticket.place { return false }
        }
        return true
    }

    private mutating func start(_ action: Action, rank: Int) throws {
        switch action {
        case .read(let input, let microbatch):
            guard owner(plan.inputs[input].stage, microbatch) == rank else { throw Failure(reason: "not its input") }
            let number = SymbolicRun.item(of: plan.inputs[input].value, microbatch: microbatch)
            ranks[rank].items[input] = Content(number: number, microbatch: microbatch)
        case .receive(let edge, let microbatch):
            let route = route(edge, microbatch)
            guard route.to == rank, route.from != rank else { throw Failure(reason: "no such edge here") }
            guard ranks[rank].receiving[edge, default: []].count < plan.edges[edge].receiveSlotCount else {
                throw Failure(reason: "no buffer is free")
            }
            ranks[rank].receiving[edge, default: []].append(
                Ticket(route: route, place: channels[route, default: Channel()].receives.count))
            channels[route, default: Channel()].receives.append(microbatch)
        case .run(let stage, let microbatch):
            guard owner(stage, microbatch) == rank else { throw Failure(reason: "no such stage here") }
            try compute(stage, microbatch, rank: rank)
        case .send(let edge, let microbatch):
            let route = route(edge, microbatch)
            let (stage, value) = (plan.edges[edge].from, plan.edges[edge].value)
            guard route.from == rank, route.to != rank else { throw Failure(reason: "no such edge here") }
            let seat = ranks[rank].seats[stage]!
            let content = try last(value, of: seat, microbatch)
            let slot = (seat.turn - 1) % slots(edge)
            guard seat.sending[edge]?[slot] == nil else { throw Failure(reason: "slot is taken") }
            let place = channels[route, default: Channel()].sends.count
            ranks[rank].seats[stage]!.sending[edge, default: [:]][slot] = Ticket(route: route, place: place)
            channels[route, default: Channel()].sends.append(content)
        case .write(let stage, let microbatch):
            guard owner(stage, microbatch) == rank else { throw Failure(reason: "nothing to write here") }
            for output in plan.outputs {
                guard output.stage == stage else { throw Failure(reason: "nothing to write here") }
                written[microbatch, default: [:]][output.value] =
                    try last(output.value, of: ranks[rank].seats[stage]!, microbatch).number
            }
        }
    }

    /// What a stage has computed last.
    private func last(_ value: ValueID, of seat: Seat, _ microbatch: Int) throws -> Content {
        guard seat.turn > 0, let ring = seat.results[value], let content = ring[(seat.turn - 1) % ring.count] else {
            throw Failure(reason: "nothing to give")
        }
        guard content.microbatch == microbatch else { throw Failure(reason: "results of another microbatch") }
        return content
    }

    private mutating func compute(_ stage: Int, _ microbatch: Int, rank: Int) throws {
        var operands: [ValueID: Content] = [:]
        for (index, input) in plan.inputs.enumerated() where input.stage == stage {
            operands[input.value] = ranks[rank].items[index]
        }
        for edge in plan.edges where edge.to == stage {
            guard route(edge.index, microbatch).from != rank else {
                // The value must still lie in its buffer.
                operands[edge.value] = ranks[rank].seats[edge.from]!.results[edge.value]?.lazy
                    .compactMap(\.self).first { $0.microbatch == microbatch }
                continue
            }
            let ticket = ranks[rank].receiving[edge.index]!.removeFirst()
            let content = channels[ticket.route]!.sends[ticket.place]
            guard content.microbatch == channels[ticket.route]!.receives[ticket.place] else {
                throw Failure(reason: "room for another microbatch, which may be smaller")
            }
            operands[edge.value] = content
        }
        var seat = ranks[rank].seats[stage]!
        for edge in plan.edges where edge.from == stage {
            seat.sending[edge.index]?[seat.turn % slots(edge.index)] = nil
        }
        let part = parts[stage]
        for input in part.inputs {
            guard let content = operands[input] else { throw Failure(reason: "an operand is missing") }
            // Microbatches may differ in size: the program for one cannot take another.
            guard content.microbatch == microbatch else { throw Failure(reason: "operands of another microbatch") }
        }
        let numbers = try run.run(part.nodes, values: operands.mapValues(\.number), wanted: part.outputs)
        for (value, number) in numbers {
            let count = plan.edges.first { $0.from == stage && $0.value == value }.map { slots($0.index) } ?? 1
            var ring = seat.results[value] ?? Array(repeating: nil, count: count)
            ring[seat.turn % count] = Content(number: number, microbatch: microbatch)
            seat.results[value] = ring
        }
        seat.turn += 1
        ranks[rank].seats[stage] = seat
    }
}
