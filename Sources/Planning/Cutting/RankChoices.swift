/// The orders in which stages can take the ranks of a cluster, as a graph of states: each step takes one more rank. Ranks
/// that are alike are one choice, nodes that are alike too, so that equal clusters have few states.
struct RankChoices {
    /// How freely ranks are taken.
    enum Freedom: Int, Sendable, CaseIterable {
        /// In any order.
        case any
        /// Any order, but for each node: once begun, it is used up before the next.
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
    }

    /// What a step means, for whatever nodes are alike.
    fileprivate struct Move {
        /// Nil to stay on the node.
        let node: NodeState?
        let kind: Int
    }

    /// What is left of a node.
    fileprivate struct NodeState: Hashable {
        let nodeClass: Int
        /// By kind.
        var used: [Int]
    }

    private struct State: Hashable {
        /// The node that the last stage is on.
        var current: NodeState?
        /// All others, sorted.
        var others: [NodeState]
    }

    let freedom: Freedom
    private(set) var stateCount = 1
    /// In an order in which each state's steps in come before its steps out.
    private(set) var steps: [Step] = []
    /// By state: ranks taken.
    private(set) var depths = [0]
    let rankCount: Int
    /// Those in which all ranks are taken.
    var finalStates: [Int] { depths.indices.filter { depths[$0] == rankCount } }
    private let cluster: Cluster
    private let kinds: [Kind]
    private let kindOfRank: [Int]
    private let classOfNode: [Int: Int]

    static func inOrder(_ cluster: Cluster, count: Int) -> RankChoices {
        RankChoices(cluster, count: count, freedom: .inOrder, stateLimit: .max)!
    }

    /// The freest choices that have no more states than the limit.
    init(_ cluster: Cluster, count: Int, stateLimit: Int) {
        for freedom in Freedom.allCases {
            let limit = freedom == .inOrder ? Int.max : stateLimit
            if let choices = RankChoices(cluster, count: count, freedom: freedom, stateLimit: limit) {
                self = choices
                return
            }
        }
        preconditionFailure("taking ranks in order has no limit")
    }

    init?(_ cluster: Cluster, count: Int, freedom: Freedom, stateLimit: Int) {
        self.cluster = cluster
        self.freedom = freedom
        rankCount = count
        var kinds: [Kind] = []
        kindOfRank = cluster.ranks.prefix(count).map { rank in
            let kind = Kind(flopsPerSecond: rank.flopsPerSecond, memoryByteCount: rank.memoryByteCount)
            if let index = kinds.firstIndex(of: kind) { return index }
            kinds.append(kind)
            return kinds.count - 1
        }
        self.kinds = kinds
        var sizes: [Int: [Int]] = [:]
        for (rank, kind) in kindOfRank.enumerated() {
            sizes[cluster.ranks[rank].node, default: [Int](repeating: 0, count: kinds.count)][kind] += 1
        }
        // Nodes are alike when they hold the same ranks, and no link tells them apart.
        let marked = Set(cluster.unlikeLinks.keys.flatMap { [$0.low, $0.high] })
        var classes: [[Int]: Int] = [:]
        var classCount = 0
        var classOfNode: [Int: Int] = [:]
        var classSizes: [[Int]] = []
        for (node, size) in sizes.sorted(by: { $0.key < $1.key }) {
            if !marked.contains(node), let known = classes[size] {
                classOfNode[node] = known
                continue
            }
            classOfNode[node] = classCount
            if !marked.contains(node) { classes[size] = classCount }
            classSizes.append(size)
            classCount += 1
        }
        self.classOfNode = classOfNode
        if freedom == .inOrder {
            takeInOrder(count)
            return
        }
        let nodes = sizes.keys.sorted().map { NodeState(nodeClass: classOfNode[$0]!, used: kinds.map { _ in 0 }) }
        guard explore(from: State(current: nil, others: nodes.sorted(by: RankChoices.precedes)), classSizes, stateLimit)
        else { return nil }
    }

    private mutating func takeInOrder(_ count: Int) {
        for rank in 0..<count {
            steps.append(
                Step(
                    from: rank, to: rank + 1, kind: kinds[kindOfRank[rank]],
                    link: rank > 0 ? cluster.link(from: rank - 1, to: rank) : nil,
                    move: Move(node: nil, kind: kindOfRank[rank])))
            depths.append(rank + 1)
        }
        stateCount = count + 1
    }

    /// Breadth first, so that states stand in the order of their depths.
    private mutating func explore(from start: State, _ sizes: [[Int]], _ limit: Int) -> Bool {
        var numbers = [start: 0]
        var states = [start]
        var next = 0
        while next < states.count {
            let state = states[next]
            for (reached, move) in successors(of: state, sizes) {
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
                steps.append(
                    Step(from: next, to: number, kind: kinds[move.kind], link: link(state, reached, move), move: move))
            }
            next += 1
        }
        stateCount = states.count
        return true
    }

    private func successors(of state: State, _ sizes: [[Int]]) -> [(State, Move)] {
        var found: [(State, Move)] = []
        func take(_ node: NodeState, isCurrent: Bool, others: [NodeState]) {
            for kind in kinds.indices where node.used[kind] < sizes[node.nodeClass][kind] {
                var after = node
                after.used[kind] += 1
                found.append((State(current: after, others: others), Move(node: isCurrent ? nil : node, kind: kind)))
            }
        }
        if let current = state.current {
            take(current, isCurrent: true, others: state.others)
            let isUsedUp = current.used == sizes[current.nodeClass]
            if freedom == .nodeByNode, !isUsedUp { return found }
        }
        for index in state.others.indices where index == 0 || state.others[index] != state.others[index - 1] {
            var others = state.others
            let node = others.remove(at: index)
            if let current = state.current {
                others.append(current)
                others.sort(by: RankChoices.precedes)
            }
            take(node, isCurrent: false, others: others)
        }
        return found
    }

    private func link(_ state: State, _ reached: State, _ move: Move) -> Cluster.Link? {
        guard let current = state.current else { return nil }
        guard let node = move.node else { return cluster.withinNode }
        // Nodes that have links of their own are classes of their own.
        func name(_ nodeClass: Int) -> Int { classOfNode.first { $0.value == nodeClass }!.key }
        if current.nodeClass == node.nodeClass { return cluster.acrossNodes }
        return cluster.link(fromNode: name(current.nodeClass), toNode: name(node.nodeClass))
    }

    private static func precedes(_ left: NodeState, _ right: NodeState) -> Bool {
        left.nodeClass != right.nodeClass
            ? left.nodeClass < right.nodeClass : left.used.lexicographicallyPrecedes(right.used)
    }

    /// The ranks that a path of steps takes.
    func ranks(of path: [Step]) -> [Int] {
        guard freedom != .inOrder else { return Array(0..<path.count) }
        var used: [Int: [Int]] = [:]
        for node in classOfNode.keys { used[node] = kinds.map { _ in 0 } }
        var taken = [Bool](repeating: false, count: rankCount)
        var current = -1
        return path.map { step in
            if let wanted = step.move.node {
                current = used.keys.sorted().first {
                    $0 != current && classOfNode[$0] == wanted.nodeClass && used[$0] == wanted.used
                }!
            }
            used[current]![step.move.kind] += 1
            let rank = (0..<rankCount).first {
                !taken[$0] && cluster.ranks[$0].node == current && kindOfRank[$0] == step.move.kind
            }!
            taken[rank] = true
            return rank
        }
    }
}
