import Graphs
import TestSupport

@testable import Planning

/// Carries a schedule out as the executor does, with numbers for tensors: rings of buffers, messages of an edge matched
/// in the order they were posted, sends that complete only once their receive is posted. Written apart from the
/// verifier, to hold it against what really happens.
struct ScheduleSimulation {
    /// What went wrong, as far as a test wants to know.
    struct Failure: Error { let reason: String }

    private struct Content {
        let number: UInt64
        let microbatch: Int
    }

    /// The messages of one edge.
    private struct Channel {
        /// By order of posting: what the receiver made room for, and what the sender gave.
        var receives: [Int] = []
        var sends: [Content] = []
    }

    private struct Rank {
        var next = 0
        var computed = 0
        var results: [ValueID: Content] = [:]
        var items: [Int: Content] = [:]
        /// By edge and slot: the place of the message in the order of posting.
        var receiving: [Int: [Int: Int]] = [:]
        var sending: [Int: [Int: Int]] = [:]
    }

    private let plan: PartitionPlan
    private let run: SymbolicRun
    private let parts: [GraphPart]
    private let sendSlots: [Int]
    private var ranks: [Rank]
    private var channels: [Channel]
    private var written: [[ValueID: UInt64]] = []

    init(_ plan: PartitionPlan, _ bound: BoundGraph) {
        self.plan = plan
        run = SymbolicRun(bound)
        parts = plan.stages.indices.map(plan.part)
        sendSlots = plan.edges.map { edge in
            plan.edges.reduce(1) { $1.value == edge.value ? max($0, $1.to - $1.from + 1) : $0 }
        }
        ranks = plan.stages.map { _ in Rank() }
        channels = plan.edges.map { _ in Channel() }
    }

    /// - Throws: `Failure` unless all outputs of all microbatches come out right and in order.
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
        for channel in channels where channel.sends.count != channel.receives.count {
            throw Failure(reason: "a message has no other end")
        }
        var expected: [[ValueID: UInt64]] = []
        for microbatch in 0..<schedule.microbatchCount { expected.append(try run.outputs(microbatch: microbatch)) }
        guard written == expected else { throw Failure(reason: "wrong results") }
    }

    private func canStart(_ action: Action, rank: Int) throws -> Bool {
        guard case .run(_, let microbatch) = action else { return true }
        for edge in plan.edges where edge.to == rank {
            guard let place = ranks[rank].receiving[edge.index]?[microbatch % 2] else {
                throw Failure(reason: "waits for a receive that was never posted")
            }
            if channels[edge.index].sends.count <= place { return false }
        }
        for edge in plan.edges where edge.from == rank {
            let slot = microbatch % sendSlots[edge.index]
            guard let place = ranks[rank].sending[edge.index]?[slot] else { continue }
            if channels[edge.index].receives.count <= place { return false }
        }
        return true
    }

    private mutating func start(_ action: Action, rank: Int) throws {
        switch action {
        case .read(let input, let microbatch):
            guard plan.inputs[input].stage == rank else { throw Failure(reason: "no such input here") }
            let number = SymbolicRun.item(of: plan.inputs[input].value, microbatch: microbatch)
            ranks[rank].items[input] = Content(number: number, microbatch: microbatch)
        case .receive(let edge, let microbatch):
            guard plan.edges[edge].to == rank else { throw Failure(reason: "no such edge here") }
            guard ranks[rank].receiving[edge]?[microbatch % 2] == nil else { throw Failure(reason: "slot is taken") }
            ranks[rank].receiving[edge, default: [:]][microbatch % 2] = channels[edge].receives.count
            channels[edge].receives.append(microbatch)
        case .run(let stage, let microbatch):
            guard stage == rank else { throw Failure(reason: "no such stage here") }
            try compute(microbatch, rank: rank)
        case .send(let edge, let microbatch):
            guard plan.edges[edge].from == rank else { throw Failure(reason: "no such edge here") }
            guard let content = ranks[rank].results[plan.edges[edge].value] else {
                throw Failure(reason: "nothing to send")
            }
            guard content.microbatch == microbatch else { throw Failure(reason: "results of another microbatch") }
            let slot = microbatch % sendSlots[edge]
            guard ranks[rank].sending[edge]?[slot] == nil else { throw Failure(reason: "slot is taken") }
            ranks[rank].sending[edge, default: [:]][slot] = channels[edge].sends.count
            channels[edge].sends.append(content)
        case .write(let stage, let microbatch):
            guard rank == plan.stages.count - 1, stage == rank else { throw Failure(reason: "nothing to write here") }
            guard microbatch == written.count else { throw Failure(reason: "written out of order") }
            guard ranks[rank].results.values.allSatisfy({ $0.microbatch == microbatch }) else {
                throw Failure(reason: "results of another microbatch")
            }
            written.append(
                ranks[rank].results.filter { result in plan.outputs.contains { $0.value == result.key } }.mapValues(
                    \.number))
        }
    }

    private mutating func compute(_ microbatch: Int, rank: Int) throws {
        // What lives from step to step wants them in order.
        guard microbatch == ranks[rank].computed else { throw Failure(reason: "microbatches out of order") }
        ranks[rank].computed += 1
        var operands: [ValueID: Content] = [:]
        for (index, input) in plan.inputs.enumerated() where input.stage == rank {
            operands[input.value] = ranks[rank].items[index]
        }
        for edge in plan.edges where edge.to == rank {
            let place = ranks[rank].receiving[edge.index]!.removeValue(forKey: microbatch % 2)!
            let content = channels[edge.index].sends[place]
            guard content.microbatch == channels[edge.index].receives[place] else {
                throw Failure(reason: "room for another microbatch, which may be smaller")
            }
            operands[edge.value] = content
        }
        for edge in plan.edges where edge.from == rank {
            ranks[rank].sending[edge.index]?[microbatch % sendSlots[edge.index]] = nil
        }
        let part = parts[rank]
        for input in part.inputs {
            guard let content = operands[input] else { throw Failure(reason: "an operand is missing") }
            // Microbatches may differ in size: the program for one cannot take another.
            guard content.microbatch == microbatch else { throw Failure(reason: "operands of another microbatch") }
        }
        let numbers = try run.run(part.nodes, values: operands.mapValues(\.number), wanted: part.outputs)
        ranks[rank].results = numbers.mapValues { Content(number: $0, microbatch: microbatch) }
    }
}
