/// The nodes of the first ranks of a cluster, with those taken together that are alike: they hold the same ranks, and no
/// link tells them apart.
struct NodeClasses {
    /// Ranks of one kind on each node of a class.
    struct Share: Hashable {
        let kind: Int
        let count: Int
    }

    private struct NodeRank: Hashable {
        let node: Int
        let kind: Int
    }

    let cluster: Cluster
    let rankCount: Int
    private(set) var kinds: [RankChoices.Kind] = []
    /// By rank.
    private(set) var kindOfRank: [Int] = []
    /// Ascending.
    private(set) var nodes: [Int] = []
    /// By place in `nodes`.
    private(set) var classes: [Int] = []
    /// By class: what its nodes hold, by kind, and how many there are.
    private(set) var shares: [[Share]] = []
    private(set) var counts: [Int] = []
    /// By class: one of its nodes.
    private var examples: [Int] = []

    init(_ cluster: Cluster, count: Int) {
        self.cluster = cluster
        rankCount = count
        var numbers: [RankChoices.Kind: Int] = [:]
        var held: [Int: [Int: Int]] = [:]
        for rank in cluster.ranks.prefix(count) {
            let kind = RankChoices.Kind(rank)
            if numbers[kind] == nil {
                numbers[kind] = kinds.count
                kinds.append(kind)
            }
            kindOfRank.append(numbers[kind]!)
            held[rank.node, default: [:]][numbers[kind]!, default: 0] += 1
        }
        nodes = held.keys.sorted()
        let marked = Set(cluster.unlikeLinks.keys.flatMap { [$0.low, $0.high] })
        var known: [[Share]: Int] = [:]
        for node in nodes {
            let content = held[node]!.map { Share(kind: $0.key, count: $0.value) }.sorted { $0.kind < $1.kind }
            let isMarked = marked.contains(node)
            if !isMarked, let alike = known[content] {
                classes.append(alike)
                counts[alike] += 1
                continue
            }
            if !isMarked { known[content] = shares.count }
            classes.append(shares.count)
            shares.append(content)
            counts.append(1)
            examples.append(node)
        }
    }

    /// Between nodes of two classes, or two nodes of one.
    func link(from source: Int, to destination: Int) -> Cluster.Link {
        source == destination
            ? cluster.acrossNodes : cluster.link(fromNode: examples[source], toNode: examples[destination])
    }

    /// States that there are at least: used-up nodes of each class, and one node with any part of it used; in any order,
    /// any part of every node.
    func fewestStates(_ freedom: RankChoices.Freedom) -> Double {
        guard freedom != .inOrder else { return Double(rankCount + 1) }
        var product = 1.0
        var single = 1.0
        for (content, count) in zip(shares, counts) {
            let parts = content.reduce(1.0) { $0 * Double($1.count + 1) }
            single += parts - 1
            let uses = freedom == .any ? parts : 2
            // Ways to share out a number of nodes among a number of uses.
            for chosen in 1...count { product *= (uses - 1 + Double(chosen)) / Double(chosen) }
        }
        return max(product, single)
    }

    /// By place in `nodes`, and by place in the shares of its class: the ranks, the last first.
    func ranksByShare() -> [[[Int]]] {
        var places: [Int: Int] = [:]
        for (place, node) in nodes.enumerated() { places[node] = place }
        var found = classes.map { shares[$0].map { _ in [Int]() } }
        for rank in (0..<rankCount).reversed() {
            let place = places[cluster.ranks[rank].node]!
            let share = shares[classes[place]].firstIndex { $0.kind == kindOfRank[rank] }!
            found[place][share].append(rank)
        }
        return found
    }
}

/// Nodes by what is used of them, each such use known by a number.
struct NodeUses {
    struct Use: Hashable {
        let nodeClass: Int
        /// By share of the class.
        var used: [Int]
    }

    private let classes: NodeClasses
    private(set) var uses: [Use] = []
    private var numbers: [Use: Int] = [:]
    /// By number and share: the number once a rank more is used; nil where none is left.
    private var next: [[Int?]] = []

    init(_ classes: NodeClasses) { self.classes = classes }

    /// Of a node that nothing is used of.
    mutating func fresh(_ nodeClass: Int) -> Int {
        number(of: Use(nodeClass: nodeClass, used: classes.shares[nodeClass].map { _ in 0 }))
    }

    private mutating func number(of use: Use) -> Int {
        if let known = numbers[use] { return known }
        let number = uses.count
        numbers[use] = number
        uses.append(use)
        next.append([])
        // The next ones after this one, so that numbers are given first.
        next[number] = classes.shares[use.nodeClass].enumerated().map { place, share in
            guard use.used[place] < share.count else { return nil }
            var after = use
            after.used[place] += 1
            return self.number(of: after)
        }
        return number
    }

    /// The number after one more rank of a share is used.
    func after(_ number: Int, share: Int) -> Int? { next[number][share] }

    func shareCount(_ number: Int) -> Int { next[number].count }

    func isUsedUp(_ number: Int) -> Bool { next[number].allSatisfy { $0 == nil } }

    func precedes(_ left: Int, _ right: Int) -> Bool {
        let (one, other) = (uses[left], uses[right])
        return one.nodeClass != other.nodeClass
            ? one.nodeClass < other.nodeClass : one.used.lexicographicallyPrecedes(other.used)
    }
}
