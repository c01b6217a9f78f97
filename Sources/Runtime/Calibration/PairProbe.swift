internal import Kernels
internal import MPI
internal import Planning

/// Measures pairs of ranks one after another. Rank 0 says who is next; ranks that take no part sleep.
struct PairProbe {
    private let channel: Communicator
    private let bench: PairBench
    private let budget: ProbeBudget
    private let shouldStop: () -> Bool

    private static let orderTag = 12
    private static let resultTag = 13
    private static let stepTag = 14

    init(
        _ channel: Communicator, budget: ProbeBudget, pool: WorkerPool, unless shouldStop: @escaping () -> Bool
    ) throws {
        self.channel = channel
        self.budget = budget
        self.shouldStop = shouldStop
        bench = try PairBench(
            channel, largestByteCount: budget.largestByteCount, pool: pool, unless: shouldStop)
    }

    /// What a rank is to do.
    private enum Order {
        case lead(follower: Int, hasHandling: Bool, sizeSeconds: Double)
        case follow(lead: Int)
        case end

        var bytes: [UInt8] {
            switch self {
            case .lead(let follower, let hasHandling, let seconds):
                [0, Double(follower), hasHandling ? 1 : 0, seconds].messageBytes
            case .follow(let lead): [1, Double(lead)].messageBytes
            case .end: [2].messageBytes
            }
        }

        init(bytes: [UInt8]) {
            let numbers = [Double](messageBytes: bytes)
            switch numbers.first {
            case 0: self = .lead(follower: Int(numbers[1]), hasHandling: numbers[2] == 1, sizeSeconds: numbers[3])
            case 1: self = .follow(lead: Int(numbers[1]))
            default: self = .end
            }
        }
    }

    /// What the lead of a pair tells the other rank.
    private enum Step {
        case exchange(byteCount: Int, rounds: Int)
        case handling(byteCount: Int, rounds: Int, expected: Double)
        case end

        var bytes: [UInt8] {
            switch self {
            case .exchange(let byteCount, let rounds): [0, Double(byteCount), Double(rounds)].messageBytes
            case .handling(let byteCount, let rounds, let expected):
                [1, Double(byteCount), Double(rounds), expected].messageBytes
            case .end: [2].messageBytes
            }
        }

        init(bytes: [UInt8]) {
            let numbers = [Double](messageBytes: bytes)
            switch numbers.first {
            case 0: self = .exchange(byteCount: Int(numbers[1]), rounds: Int(numbers[2]))
            case 1: self = .handling(byteCount: Int(numbers[1]), rounds: Int(numbers[2]), expected: numbers[3])
            default: self = .end
            }
        }
    }

    /// What the lead found.
    struct Found {
        var times: [MessageTime] = []
        /// Seconds for each byte, of sender and receiver.
        var handling: (send: Double, receive: Double)?
    }

    // MARK: Rank 0

    /// Called on rank 0, while the other ranks `serve()`.
    ///
    /// - Parameter sizeSeconds: for each size of message.
    func measure(_ pair: PairChoice.Pair, hasHandling: Bool, sizeSeconds: Double) throws -> Found {
        let lead = Order.lead(follower: pair.follower, hasHandling: hasHandling, sizeSeconds: sizeSeconds)
        let follow = Order.follow(lead: pair.lead)
        if pair.follower != 0 { try channel.send(follow.bytes, to: pair.follower, tag: PairProbe.orderTag) }
        if pair.lead != 0 { try channel.send(lead.bytes, to: pair.lead, tag: PairProbe.orderTag) }
        if pair.lead == 0 { return try self.lead(pair.follower, hasHandling: hasHandling, sizeSeconds: sizeSeconds) }
        if pair.follower == 0 { try self.follow(pair.lead) }
        let result = try channel.receiveBytesAtRest(
            from: pair.lead, tag: PairProbe.resultTag, unless: shouldStop)
        return Found(bytes: result)
    }

    /// Tells the other ranks that there is no more to do.
    func end() throws {
        for rank in 1..<max(1, channel.size) { try channel.send(Order.end.bytes, to: rank, tag: PairProbe.orderTag) }
    }

    // MARK: Other ranks

    /// Does what rank 0 asks for until it says that there is no more.
    func serve() throws {
        while true {
            switch Order(bytes: try channel.receiveBytesAtRest(from: 0, tag: PairProbe.orderTag, unless: shouldStop)) {
            case .lead(let follower, let hasHandling, let sizeSeconds):
                let found = try lead(follower, hasHandling: hasHandling, sizeSeconds: sizeSeconds)
                try channel.send(found.bytes, to: 0, tag: PairProbe.resultTag)
            case .follow(let lead): try follow(lead)
            case .end: return
            }
        }
    }

    // MARK: Both sides

    private func lead(_ peer: Int, hasHandling: Bool, sizeSeconds: Double) throws -> Found {
        func tell(_ step: Step) throws { try channel.send(step.bytes, to: peer, tag: PairProbe.stepTag) }
        func exchange(_ byteCount: Int, rounds: Int) throws -> [Double] {
            try tell(.exchange(byteCount: byteCount, rounds: rounds))
            return try bench.exchange(byteCount, with: peer, rounds: rounds, isLead: true)
        }
        // The first message opens the connection.
        _ = try exchange(1, rounds: 2)
        var found = Found()
        let large = ProbeBudget.largeByteCounts.filter { $0 <= budget.largestByteCount }
        for byteCount in ProbeBudget.smallByteCounts + large {
            let isNeeded = byteCount <= large[1]
            let growth = Double(byteCount) / Double(found.times.last?.byteCount ?? 1)
            if !isNeeded, found.times.last!.fastest * growth > budget.messageSeconds { break }
            _ = try exchange(byteCount, rounds: 1)
            var rounds: [Double] = []
            let start = StopWatch.now
            repeat {
                rounds += try exchange(byteCount, rounds: budget.leastRounds)
            } while budget.goesOn(rounds: rounds, elapsed: StopWatch.now - start, sizeSeconds: sizeSeconds)
            found.times.append(MessageTime(byteCount: byteCount, rounds: rounds))
        }
        if hasHandling, let last = found.times.last {
            let rounds = budget.handlingRounds
            try tell(.handling(byteCount: last.byteCount, rounds: rounds, expected: last.fastest))
            let send = try bench.handling(
                last.byteCount, with: peer, rounds: rounds, expected: last.fastest, isSender: true)
            let receive = [Double](
                messageBytes: try channel.receiveBytes(
                    from: peer, tag: PairProbe.resultTag, unless: shouldStop
                ).bytes)
            found.handling = (send, receive[0])
        }
        try tell(.end)
        return found
    }

    private func follow(_ peer: Int) throws {
        while true {
            switch Step(bytes: try channel.receiveBytes(from: peer, tag: PairProbe.stepTag, unless: shouldStop).bytes) {
            case .exchange(let byteCount, let rounds):
                _ = try bench.exchange(byteCount, with: peer, rounds: rounds, isLead: false)
            case .handling(let byteCount, let rounds, let expected):
                let receive = try bench.handling(
                    byteCount, with: peer, rounds: rounds, expected: expected, isSender: false)
                try channel.send([receive].messageBytes, to: peer, tag: PairProbe.resultTag)
            case .end: return
            }
        }
    }
}

extension PairProbe.Found {
    var bytes: [UInt8] {
        var numbers: [Double] = [handling == nil ? 0 : 1, handling?.send ?? 0, handling?.receive ?? 0]
        for time in times { numbers += [Double(time.byteCount), time.seconds, time.fastest, Double(time.rounds)] }
        return numbers.messageBytes
    }

    init(bytes: [UInt8]) {
        let numbers = [Double](messageBytes: bytes)
        if numbers[0] == 1 { handling = (numbers[1], numbers[2]) }
        times = stride(from: 3, to: numbers.count - 3, by: 4).map { place in
            MessageTime(
                byteCount: Int(numbers[place]), seconds: numbers[place + 1], fastest: numbers[place + 2],
                rounds: Int(numbers[place + 3]))
        }
    }
}
