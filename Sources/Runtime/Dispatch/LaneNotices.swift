internal import MPI
internal import Tensors

/// Short messages among ranks that decide while they run: a few numbers, sent and received without waiting. They have a
/// communicator of their own, so they never mix with tensors.
struct LaneNotices: ~Copyable {
    /// Numbers in a notice.
    static let length = 3
    /// Notices to one rank that may be under way at once.
    private static let depth = 4

    private let communicator: Communicator
    private let tag: Int
    private let senders: [Int]
    private let receivers: [Int]
    private var slots: TransferSlots
    /// By position in `receivers`: notices sent so far.
    private var sentCounts: [Int]
    private var listens: [Bool]  // by position in `senders`

    /// - Parameters:
    ///   - senders: ranks that notices are awaited from, from now on.
    ///   - receivers: ranks that notices go to.
    init(_ communicator: Communicator, tag: Int, from senders: [Int], to receivers: [Int]) throws(MPIError) {
        self.communicator = communicator
        self.tag = tag
        self.senders = senders
        self.receivers = receivers
        slots = TransferSlots(capacity: senders.count + LaneNotices.depth * receivers.count)
        sentCounts = receivers.map { _ in 0 }
        listens = senders.map { _ in false }
        for sender in senders.indices { try listen(sender) }
    }

    private mutating func listen(_ sender: Int) throws(MPIError) {
        listens[sender] = true
        try slots.post(
            receive: TensorType(.int64, [LaneNotices.length]), from: senders[sender], tag: tag, on: communicator,
            slot: sender)
    }

    /// Takes a notice that has arrived, and posts the receive for the next from its sender unless `isLast` returns
    /// true, which means that none follows.
    ///
    /// - Returns: its numbers; nil where none has arrived.
    mutating func take(isLast: ([Int]) -> Bool) throws(MPIError) -> [Int]? {
        try slots.progress()
        for sender in senders.indices where listens[sender] && slots.isComplete(sender) {
            let numbers = try slots.wait(receive: sender).elements(of: Int64.self).map { Int($0) }
            listens[sender] = false
            if !isLast(numbers) { try listen(sender) }
            return numbers
        }
        return nil
    }

    /// Sends a notice to the receivers that are chosen.
    mutating func send(_ numbers: [Int], to rank: Int? = nil, unless shouldStop: () -> Bool) throws(MPIError) {
        let tensor = Tensor(numbers.map(Int64.init), shape: [LaneNotices.length])
        for (index, receiver) in receivers.enumerated() where rank == nil || rank == receiver {
            let slot = senders.count + index * LaneNotices.depth + sentCounts[index] % LaneNotices.depth
            sentCounts[index] += 1
            if !slots.isIdle(slot) { try slots.wait(send: slot, unless: shouldStop) }
            try slots.post(send: tensor, to: receiver, tag: tag, on: communicator, slot: slot)
        }
    }

    /// Waits until all that was sent has been taken over by MPI.
    mutating func finish(unless shouldStop: () -> Bool) throws(MPIError) {
        for slot in senders.count..<slots.capacity where !slots.isIdle(slot) {
            try slots.wait(send: slot, unless: shouldStop)
        }
    }

    mutating func abandon() { slots.abandonAll() }
}
