/// The orders in which stages can take the ranks of a cluster, as a graph of states: each step takes one more rank. Ranks
/// that are alike are one choice, nodes that are alike too, so that equal clusters have few states.
struct RankChoices {
    /// How freely ranks are taken.
    enum Freedom: Int, Sendable, CaseIterable {
        /// In any order.
        case any
        /// Any order, except for each node: once begun, it is used up before the next.
        case nodeByNode
        /// In the order that the cluster has.
        case inOrder
    }

    /// Taking one rank more.
    struct Step {
        let from: Int
        let to: Int
        let kind: Kind
        /// The link that the messages of the stage before come over; nil for the first stage.
        let link: Cluster.Link?
        fileprivate let move: Move
    }

    /// Ranks that compute equally fast and have equal memory.
    struct Kind: Hashable {
        let flopsPerSecond: Double
        let memoryByteCount: Int?

        init(_ rank: Cluster.Rank) {
            flopsPerSecond = rank.flopsPerSecond
            memoryByteCount = rank.memoryByteCount
        }
    }

    /// What a step means, for whatever nodes are alike.
    fileprivate struct Move {
        /// The use of the node that comes next; nil to stay on the node.
        let use: Int?
        let share: Int
    }

    private struct State: Hashable {
        struct Group: Hashable {
            let use: Int
            var count: Int
        }

        /// The use of the node that the last stage is on.
        var current: Int?
        /// All others, sorted by use.
        var others: [Group]
    }

    let freedom: Freedom
    private(set) var stateCount = 1
    /// In an order in which each state's steps in come before its steps out, those out of one state side by side.
    private(set) var steps: [Step] = []
    /// By state: ranks taken.
    private(set) var depths = [0]
    let rankCount: Int
    /// Those in which all ranks are taken.
    private(set) var finalStates: [Int] = []
    private let classes: NodeClasses?
    private var uses: NodeUses?

    static func inOrder(_ cluster: Cluster, count: Int) -> RankChoices {
        RankChoices(inOrder: cluster, count: count)
    }

    /// The freest choices that have no more states than the limit.
    init(_ cluster: Cluster, count: Int, stateLimit: Int) {
        let classes = NodeClasses(cluster, count: count)
        for freedom in [Freedom.any, .nodeByNode] {
            if let choices = RankChoices(classes, freedom, stateLimit) {
                self = choices
                return
            }
        }
        self.init(inOrder: cluster, count: count)
    }

    init?(_ cluster: Cluster, count: Int, freedom: Freedom, stateLimit: Int) {
        if freedom == .inOrder {
            self.init(inOrder: cluster, count: count)
        } else {
            self.init(NodeClasses(cluster, count: count), freedom, stateLimit)
        }
    }

    private init(inOrder cluster: Cluster, count: Int) {
        freedom = .inOrder
        rankCount = count
        (classes, uses) = (nil, nil)
        for rank in 0..<count {
            steps.append(
                Step(
                    from: rank, to: rank + 1, kind: Kind(cluster.ranks[rank]),
                    link: rank > 0 ? cluster.link(from: rank - 1, to: rank) : nil, move: Move(use: nil, share: 0)))
            depths.append(rank + 1)
        }
        stateCount = count + 1
        finalStates = [count]
    }

    private init?(_ classes: NodeClasses, _ freedom: Freedom, _ stateLimit: Int) {
        self.classes = classes
        self.freedom = freedom
        rankCount = classes.rankCount
        guard classes.fewestStates(freedom) <= Double(stateLimit) * (1 + 1e-9) else { return nil }
        var uses = NodeUses(classes)
        let fresh = classes.counts.indices.map { State.Group(use: uses.fresh($0), count: classes.counts[$0]) }
        self.uses = uses
        guard explore(from: State(current: nil, others: fresh), stateLimit) else { return nil }
    }

    /// Breadth first, so that states are in the order of their depths.
    private mutating func explore(from start: State, _ limit: Int) -> Bool {
        var numbers = [start: 0]
        var states = [start]
        var next = 0
        while next < states.count {
            let state = states[next]
            for (reached, move) in successors(of: state) {
                let number: Int
                if let known = numbers[reached] {
                    number = known
                } else {
                    number = states.count
                    guard number < limit else { return false }
                    numbers[reached] = number
                    states.append(reached)
                    depths.append(depths[next] + 1)
                }
                steps.append(step(from: next, state, to: number, reached, move))
            }
            next += 1
        }
        stateCount = states.count
        finalStates = depths.indices.filter { depths[$0] == rankCount }
        return true
    }

    private func successors(of state: State) -> [(State, Move)] {
        guard let uses else { return [] }
        var found: [(State, Move)] = []
        func take(_ use: Int, isCurrent: Bool, others: [State.Group]) {
            for share in 0..<uses.shareCount(use) {
                guard let after = uses.after(use, share: share) else { continue }
                found.append((State(current: after, others: others), Move(use: isCurrent ? nil : use, share: share)))
            }
        }
        if let current = state.current {
            take(current, isCurrent: true, others: state.others)
            if freedom == .nodeByNode, !uses.isUsedUp(current) { return found }
        }
        for index in state.others.indices where !uses.isUsedUp(state.others[index].use) {
            var others = state.others
            others[index].count -= 1
            if others[index].count == 0 { others.remove(at: index) }
            if let current = state.current { RankChoices.add(current, to: &others, uses) }
            take(state.others[index].use, isCurrent: false, others: others)
        }
        return found
    }

    private static func add(_ use: Int, to groups: inout [State.Group], _ uses: NodeUses) {
        let place = groups.firstIndex { !uses.precedes($0.use, use) } ?? groups.count
        if place < groups.count, groups[place].use == use {
            groups[place].count += 1
        } else {
            groups.insert(State.Group(use: use, count: 1), at: place)
        }
    }

    private func step(from: Int, _ state: State, to: Int, _ reached: State, _ move: Move) -> Step {
        let (classes, uses) = (classes!, uses!)
        let reachedClass = uses.uses[reached.current!].nodeClass
        var link: Cluster.Link?
        if let current = state.current {
            link =
                move.use == nil
                ? classes.cluster.withinNode
                : classes.link(from: uses.uses[current].nodeClass, to: reachedClass)
        }
        return Step(
            from: from, to: to, kind: classes.kinds[classes.shares[reachedClass][move.share].kind], link: link,
            move: move)
    }

    /// The ranks that a path of steps takes.
    func ranks(of path: [Step]) -> [Int] {
        guard let classes, var uses else { return Array(0..<path.count) }
        var ranks = classes.ranksByShare()
        var useOfNode = classes.classes.map { uses.fresh($0) }
        var current = -1
        return path.map { step in
            if let wanted = step.move.use {
                // Nodes that are used up are not like any that may come next.
                current = useOfNode.indices.first { $0 != current && useOfNode[$0] == wanted }!
            }
            useOfNode[current] = uses.after(useOfNode[current], share: step.move.share)!
            return ranks[current][step.move.share].removeLast()
        }
    }
}
