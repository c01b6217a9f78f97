public import Graphs

extension PartitionPlan {
    /// By stage: its layers, by their places in the chain that the plan was made from.
    public var layerRanges: [Range<Int>] {
        var end = 0
        return stages.map { stage in
            let first = end
            end += stage.nodes.count
            return first..<end
        }
    }

    /// By stage: the edges that end there, and those that begin there, by index.
    var edgesByStage: (incoming: [[Int]], outgoing: [[Int]]) {
        var incoming = [[Int]](repeating: [], count: stages.count)
        var outgoing = incoming
        for edge in edges {
            incoming[edge.to].append(edge.index)
            outgoing[edge.from].append(edge.index)
        }
        return (incoming, outgoing)
    }

    /// What a stage computes as a part of the graph: the values it takes in and those it gives away.
    public func part(of stage: Int) -> GraphPart {
        var taken = Set(edges.lazy.filter { $0.to == stage }.map(\.value))
        taken.formUnion(inputs.lazy.filter { $0.stage == stage }.map(\.value))
        let states = states.filter { $0.stage == stage }
        taken.formUnion(states.map(\.input))
        var given = Set(edges.lazy.filter { $0.from == stage }.map(\.value))
        given.formUnion(states.map(\.output))
        if stage == stages.count - 1 { given.formUnion(outputs) }
        return GraphPart(nodes: stages[stage].nodes, inputs: taken.sorted(), outputs: given.sorted())
    }

    /// Full microbatches of a value that its stage may have to keep until the farthest receiver has taken them: one
    /// being filled, and one on its way for each stage that the pipeline has in between.
    public func sendSlotCount(of value: ValueID, from stage: Int) -> Int {
        let farthest = edges.lazy.filter { $0.value == value && $0.from == stage }.map { $0.to - stage }.max() ?? 0
        return farthest + 1
    }

    /// The same for all edges, by edge.
    var sendSlotCounts: [Int] {
        var farthest: [ValueID: Int] = [:]
        for edge in edges { farthest[edge.value] = max(farthest[edge.value] ?? 0, edge.to - edge.from) }
        return edges.map { farthest[$0.value]! + 1 }
    }

    /// Receives that are posted at once for an edge: the one being computed on and the next.
    public static let receiveSlotCount = 2

    /// Bytes of the buffers that a stage needs for messages at full microbatches.
    public func messageBufferByteCount(stage: Int) -> Int {
        let received = edges.lazy.filter { $0.to == stage }.reduce(0) {
            $0 + $1.byteCount * PartitionPlan.receiveSlotCount
        }
        var sent = 0
        for value in Set(edges.lazy.filter { $0.from == stage }.map(\.value)) {
            let bytes = edges.first { $0.value == value }!.byteCount
            sent += bytes * sendSlotCount(of: value, from: stage)
        }
        return received + sent
    }
}
