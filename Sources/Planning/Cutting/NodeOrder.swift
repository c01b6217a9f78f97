internal import Graphs
internal import HeapModule
internal import Tensors

/// The order that nodes run in: the file's, or one in which less crosses the cuts.
///
/// Exporters write branches one after another as they were traced, which may keep wide values alive for long. The other
/// order takes, of the nodes that can run, the one that leaves the fewest bytes alive, and of equals the one whose operand
/// was made last, which follows a branch to its end.
enum NodeOrder {
    /// Runs through the runtime nodes of a graph so that cuts are narrow; the file's order unless another one is clearly
    /// narrower.
    static func narrow(_ bound: BoundGraph) -> [NodeID] {
        let nodes = bound.runtimeNodes
        let greedy = greedyOrder(bound, nodes)
        let before = width(bound, nodes)
        let after = width(bound, greedy)
        // Caches and memory plans like the order that a model was written in: it is left only for a gain.
        return after < 0.95 * before ? greedy : nodes
    }

    /// Bytes alive at each place between two nodes, added up.
    private static func width(_ bound: BoundGraph, _ order: [NodeID]) -> Double {
        ValueFlow(bound, order: order).values.reduce(0) { sum, value in
            guard let home = value.firstPosition else { return sum }
            let last = value.isOutput ? order.count - 1 : value.consumers.last ?? home
            return sum + Double(value.byteCount) * Double(max(0, last - home))
        }
    }

    private static func greedyOrder(_ bound: BoundGraph, _ nodes: [NodeID]) -> [NodeID] {
        let graph = bound.graph
        let count = graph.valueNames.count
        var producer = [Int](repeating: -1, count: count)
        for (position, id) in nodes.enumerated() {
            for case let output? in graph.nodes[id.index].outputs { producer[output.index] = position }
        }
        // What each node takes of others, each value once, and how many nodes still need a value.
        var operands = [[Int]](repeating: [], count: nodes.count)
        var wanted = [Int](repeating: 0, count: count)
        var takers = [[Int]](repeating: [], count: count)
        var lastTaker = [Int](repeating: -1, count: count)
        for (position, id) in nodes.enumerated() {
            for case let input? in graph.nodes[id.index].inputs where producer[input.index] >= 0 {
                guard lastTaker[input.index] != position else { continue }
                lastTaker[input.index] = position
                operands[position].append(input.index)
                wanted[input.index] += 1
                takers[input.index].append(position)
            }
        }
        for output in graph.outputs { wanted[output.index] += 1 }
        let bytes = (0..<count).map { Double(bound.type(of: ValueID($0))?.byteCount ?? 0) }
        var missing = operands.map(\.count)
        var madeAt = [Int](repeating: -1, count: count)
        var isTaken = [Bool](repeating: false, count: nodes.count)
        var order: [NodeID] = []
        order.reserveCapacity(nodes.count)
        // What a node adds to what is alive, and when the last of its operands was made.
        func choice(_ position: Int) -> Choice {
            var change = 0.0
            for case let output? in graph.nodes[nodes[position].index].outputs where wanted[output.index] > 0 {
                change += bytes[output.index]
            }
            for operand in operands[position] where wanted[operand] == 1 { change -= bytes[operand] }
            let latest = operands[position].reduce(-1) { max($0, madeAt[$1]) }
            return Choice(change: change, latest: latest, position: position)
        }
        var ready = Heap(nodes.indices.filter { missing[$0] == 0 }.map(choice))
        while let position = ready.popMin()?.position {
            // A node whose place in the order has improved is there twice; the better entry came first.
            guard !isTaken[position] else { continue }
            isTaken[position] = true
            for operand in operands[position] {
                wanted[operand] -= 1
                guard wanted[operand] == 1 else { continue }
                // Whoever takes it last now frees it.
                for taker in takers[operand] where !isTaken[taker] && missing[taker] == 0 {
                    ready.insert(choice(taker))
                }
            }
            for case let output? in graph.nodes[nodes[position].index].outputs {
                madeAt[output.index] = order.count
                for taker in takers[output.index] {
                    missing[taker] -= 1
                    if missing[taker] == 0 { ready.insert(choice(taker)) }
                }
            }
            order.append(nodes[position])
        }
        return order
    }
}

/// A node that can run; the least is the one to take.
private struct Choice: Comparable {
    /// Bytes.
    let change: Double
    let latest: Int
    let position: Int

    static func < (left: Choice, right: Choice) -> Bool {
        (left.change, -left.latest, left.position) < (right.change, -right.latest, right.position)
    }
}
