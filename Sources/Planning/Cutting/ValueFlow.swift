internal import Graphs
internal import Tensors

/// Where in the running order each value of the run is made and used.
struct ValueFlow {
    struct Value {
        let id: ValueID
        let byteCount: Int
        /// Position of the node that makes it; nil for an input of the graph.
        let producer: Int?
        /// Positions of the nodes that take it, ascending.
        let consumers: [Int]
        let isOutput: Bool
        let layerCount: Int

        /// Where the value first exists: an input is read where it is first needed.
        var firstPosition: Int? { producer ?? consumers.first ?? (isOutput ? layerCount - 1 : nil) }
    }

    let values: [Value]

    init(_ bound: BoundGraph, order: [NodeID]) {
        let graph = bound.graph
        var producer = [Int?](repeating: nil, count: graph.valueNames.count)
        var consumers = [[Int]](repeating: [], count: graph.valueNames.count)
        for (position, id) in order.enumerated() {
            let node = graph.nodes[id.index]
            for case let output? in node.outputs { producer[output.index] = position }
            for case let input? in node.inputs where consumers[input.index].last != position {
                consumers[input.index].append(position)
            }
        }
        let inputs = Set(graph.inputs.map(\.value))
        let outputs = Set(graph.outputs)
        values = graph.valueNames.indices.map(ValueID.init).compactMap { id in
            guard producer[id.index] != nil || inputs.contains(id) else { return nil }
            return Value(
                id: id, byteCount: bound.type(of: id)?.byteCount ?? 0, producer: producer[id.index],
                consumers: consumers[id.index], isOutput: outputs.contains(id), layerCount: order.count)
        }
    }
}
