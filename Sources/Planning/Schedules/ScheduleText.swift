extension Action {
    /// As logs and golden files write it: `recv e2 m0 <-r0`.
    public func text(_ rules: ScheduleRules) -> String {
        // A microbatch that does not exist has no other end.
        func peer(_ arrow: String, _ rank: (Int, Int) -> Int, _ edge: Int) -> String {
            (0..<rules.microbatchCount).contains(microbatch) ? " \(arrow)r\(rank(edge, microbatch))" : ""
        }
        return switch self {
        case .read(let input, let microbatch): "read i\(input) m\(microbatch)"
        case .receive(let edge, let microbatch): "recv e\(edge) m\(microbatch)\(peer("<-", rules.sender, edge))"
        case .run(let stage, let microbatch): "run s\(stage) m\(microbatch)"
        case .send(let edge, let microbatch): "send e\(edge) m\(microbatch)\(peer("->", rules.receiver, edge))"
        case .write(let stage, let microbatch): "write s\(stage) m\(microbatch)"
        }
    }

    /// Reads what `text` writes. The rank at the other end of a message follows from the plan, and is ignored.
    ///
    /// - Throws: where the text is not an action.
    public init(text: Substring) throws(PlanningError) {
        let words = text.split(separator: " ")
        func number(_ index: Int, after letter: Character) throws(PlanningError) -> Int {
            guard index < words.count, words[index].first == letter, let number = Int(words[index].dropFirst()),
                number >= 0
            else {
                throw PlanningError(
                    "'\(text)' is no action: word \(index + 1) must be '\(letter)' and a number, as in 'run s0 m0'")
            }
            return number
        }
        let kinds: [Substring: (letter: Character, hasPeer: Bool, make: (Int, Int) -> Action)] = [
            "read": ("i", false, { .read(input: $0, microbatch: $1) }),
            "recv": ("e", true, { .receive(edge: $0, microbatch: $1) }),
            "run": ("s", false, { .run(stage: $0, microbatch: $1) }),
            "send": ("e", true, { .send(edge: $0, microbatch: $1) }),
            "write": ("s", false, { .write(stage: $0, microbatch: $1) }),
        ]
        guard let word = words.first, let kind = kinds[word] else {
            throw PlanningError("'\(text)' is no action: it begins with one of read, recv, run, send, write")
        }
        guard words.count == (kind.hasPeer ? 4 : 3) else {
            throw PlanningError("'\(text)' is no action: '\(word)' has \(kind.hasPeer ? 3 : 2) words behind it")
        }
        self = kind.make(try number(1, after: kind.letter), try number(2, after: "m"))
    }
}

extension Schedule {
    /// One line a rank: `r1: recv e0 m0 <-r0 | run s1 m0 | ...`.
    public func text(of plan: PartitionPlan) -> String {
        let rules = rules(of: plan)
        return actions.enumerated().map { rank, actions in
            "r\(rank): " + actions.map { $0.text(rules) }.joined(separator: " | ")
        }.joined(separator: "\n")
    }

    /// Reads what `text` writes: a line for each rank, in their order. Whether the schedule fits the plan is checked by
    /// `ScheduleVerifier`.
    ///
    /// - Throws: naming the line that is not a list of actions.
    public init(text: String) throws(PlanningError) {
        var actions: [[Action]] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            let prefix = "r\(actions.count):"
            guard line.hasPrefix(prefix) else {
                throw PlanningError("line \(actions.count + 1) of the schedule must begin with '\(prefix)'")
            }
            var list: [Action] = []
            for part in line.dropFirst(prefix.count).split(separator: "|") where part.contains(where: { $0 != " " }) {
                do { list.append(try Action(text: part)) } catch {
                    throw PlanningError("line \(actions.count + 1) of the schedule: \(error.description)")
                }
            }
            actions.append(list)
        }
        self.init(
            microbatchCount: actions.lazy.joined().reduce(0) { max($0, $1.microbatch + 1) }, actions: actions)
    }
}
