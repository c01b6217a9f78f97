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

    /// What a stage computes as a part of the graph: the values it takes in and those it gives away.
    public func part(of stage: Int) -> GraphPart {
        var taken = Set(edges.lazy.filter { $0.to == stage }.map(\.value))
        taken.formUnion(inputs.lazy.filter { $0.stage == stage }.map(\.value))
        let states = states.filter { $0.stage == stage }
        taken.formUnion(states.map(\.input))
        var given = Set(edges.lazy.filter { $0.from == stage }.map(\.value))
        given.formUnion(states.map(\.output))
        given.formUnion(outputs.lazy.filter { $0.stage == stage }.map(\.value))
        return GraphPart(nodes: stages[stage].nodes, inputs: taken.sorted(), outputs: given.sorted())
    }

    /// Receives that are posted at once for an edge: the one being computed on and the next.
    public static let receiveSlotCount = 2

    /// Microbatches of a value that its stage keeps until the farthest of the stages that want it has taken them: one
    /// being filled, and one on its way for each stage that the pipeline has in between.
    static func sendSlotCount(from home: Int, to takers: some Sequence<Int>) -> Int {
        takers.reduce(1) { max($0, $1 - home + 1) }
    }

    /// Buffers of a result that a stage makes: as many as its edges want, one where it is only written.
    public func resultSlotCount(of value: ValueID, stage: Int) -> Int {
        edges.first { $0.from == stage && $0.value == value }?.sendSlotCount ?? 1
    }

    /// By stage: bytes of the buffers for messages at full microbatches. Whole numbers, which may be past any memory.
    public var messageBufferByteCounts: [Double] {
        var sums = [Double](repeating: 0, count: stages.count)
        var counted: Set<ValueID> = []
        for edge in edges {
            sums[edge.to] += Double(edge.byteCount) * Double(edge.receiveSlotCount)
            if counted.insert(edge.value).inserted {
                sums[edge.from] += Double(edge.byteCount) * Double(edge.sendSlotCount)
            }
        }
        return sums
    }
}
