import Graphs
import Tensors
import TestSupport

/// A graph taken apart into several that make a chain again. Names inside the parts clash, and some inputs have other names
/// than the tensors that they take, as in files that do not know of one another.
struct SplitNetwork {
    private(set) var parts: [GraphChain.Part] = []
    /// Outputs of the whole that are not the last part's.
    private(set) var extraOutputs: [String] = []

    private let whole: Graph
    private let bound: BoundGraph

    init(_ bound: BoundGraph, starts: [Int], _ random: inout SplitMix) {
        self.bound = bound
        whole = bound.graph
        // The part that makes each value; inputs of the whole belong to the first.
        var makers: [ValueID: Int] = [:]
        for (index, node) in whole.nodes.enumerated() {
            let part = starts.lastIndex { $0 <= index }!
            for case let output? in node.outputs { makers[output] = part }
        }
        for part in starts.indices { add(part, starts, makers, &random) }
        extraOutputs = whole.outputs.filter { makers[$0] != starts.count - 1 && whole.constants[$0] == nil }
            .map(whole.name(of:))
    }

    private mutating func add(
        _ part: Int, _ starts: [Int], _ makers: [ValueID: Int], _ random: inout SplitMix
    ) {
        let end = part + 1 < starts.count ? starts[part + 1] : whole.nodes.count
        let nodes = whole.nodes[starts[part]..<end]
        let isLast = part == starts.count - 1
        var graph = Graph(name: "part\(part)")
        var map: [ValueID: ValueID] = [:]
        var wires: [String: String] = [:]
        if part == 0 {
            for input in whole.inputs {
                map[input.value] = graph.addInput(
                    named: whole.name(of: input.value), dtype: input.dtype, dimensions: input.dimensions)
            }
        }
        var used = nodes.flatMap { $0.inputs.compactMap { $0 } }
        if isLast { used += whole.outputs.filter { whole.constants[$0] != nil } }
        for value in used where map[value] == nil {
            let name = whole.name(of: value)
            if let constant = whole.constants[value] {
                let isOutput = isLast && whole.outputs.contains(value)
                map[value] = graph.addConstant(named: isOutput ? name : "c\(map.count)", constant)
            } else if makers[value] != part {
                let type = bound.type(of: value)!
                let isRenamed = random.once(in: 3)
                if isRenamed { wires["taken\(map.count)"] = name }
                map[value] = graph.addInput(
                    named: isRenamed ? "taken\(map.count)" : name, dtype: type.dtype,
                    dimensions: type.shape.dimensions.map { random.once(in: 2) ? .fixed($0) : .symbol("n\($0)") })
            }
        }
        let later = Set(whole.nodes[end...].flatMap { $0.inputs.compactMap { $0 } } + whole.outputs)
        for (index, node) in nodes.enumerated() {
            for case let output? in node.outputs {
                let isGiven = later.contains(output)
                map[output] = graph.addValue(named: isGiven ? whole.name(of: output) : "v\(map.count)")
                if isGiven, !isLast || whole.outputs.contains(output) { graph.outputs.append(map[output]!) }
            }
            graph.nodes.append(
                Node(
                    name: "n\(index)", operation: node.operation, inputs: node.inputs.map { $0.map { map[$0]! } },
                    outputs: node.outputs.map { $0.map { map[$0]! } }))
        }
        if isLast { graph.outputs += whole.outputs.filter { whole.constants[$0] != nil }.map { map[$0]! } }
        parts.append(GraphChain.Part(graph: graph, source: "part\(part).onnx", wires: wires))
    }
}
