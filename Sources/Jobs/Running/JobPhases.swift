internal import MPI
public import Runtime

/// What all ranks do together, in phases that every rank leaves together. A failure on one rank ends the phase on all
/// of them, with that rank's error.
struct JobPhases {
    let world: Communicator
    let control: ControlChannel

    /// All ranks call this together.
    init(world: Communicator) throws {
        self.world = world
        control = try ControlChannel(world: world)
    }

    /// Runs one phase on this rank and waits for the others.
    ///
    /// - Throws: `JobFailure` on every rank when any rank failed.
    func phase<Result>(_ body: () throws -> Result) throws -> Result {
        var result: Result?
        var failure: String?
        do { result = try body() } catch {
            // The failure of another rank is reported by that rank.
            if !(error is RemoteFailure) {
                failure = "\(error)"
                control.announce(failure!)
            }
        }
        let failures = try control.agree(failure: failure)
        guard failures.isEmpty, let result else { throw JobFailure(failures: failures) }
        return result
    }

    /// Sends what rank 0 makes to all ranks.
    func shared<Value: Codable>(_ make: () throws -> Value) throws -> Value {
        var made: Value?
        let message = try phase {
            guard world.rank == 0 else { return [UInt8]() }
            made = try make()
            return try MessageCoding.encode(made!)
        }
        let bytes = try world.broadcast(message, root: 0)
        return try phase { [made] in try made ?? MessageCoding.decode(Value.self, from: bytes) }
    }

    /// Collects on rank 0 what each rank has.
    func gathered<Value: Codable>(_ value: Value) throws -> [Value]? {
        let parts = try world.gather(bytes: try MessageCoding.encode(value), root: 0)
        return try parts?.map { try MessageCoding.decode(Value.self, from: $0) }
    }
}

/// The failures of all ranks, known on all of them.
public struct JobFailure: Error, Sendable, CustomStringConvertible {
    /// In the order of the ranks.
    public let failures: [RemoteFailure]

    /// One line for each thing that went wrong, with the ranks that it went wrong on.
    public var description: String {
        var ranks: [String: [Int]] = [:]
        var order: [String] = []
        for failure in failures {
            if ranks[failure.reason] == nil { order.append(failure.reason) }
            ranks[failure.reason, default: []].append(failure.rank)
        }
        return order.map { reason in
            let list = ranks[reason]!
            return "rank\(list.count == 1 ? "" : "s") \(list.map(String.init).joined(separator: ", ")): \(reason)"
        }.joined(separator: "\n")
    }
}
