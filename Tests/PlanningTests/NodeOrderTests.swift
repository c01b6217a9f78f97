import Graphs
import Tensors
import TestSupport
import Testing

@testable import Planning

/// The order in which layers are in a chain.
@Suite struct NodeOrderTests {
    private func isRunnable(_ order: [NodeID], _ bound: BoundGraph) -> Bool {
        var made: Set<ValueID> = []
        let produced = Set(order.flatMap { bound.graph.nodes[$0.index].outputs.compactMap(\.self) })
        for id in order {
            let node = bound.graph.nodes[id.index]
            for case let input? in node.inputs where produced.contains(input) && !made.contains(input) { return false }
            made.formUnion(node.outputs.compactMap(\.self))
        }
        return true
    }

    private func width(_ order: [NodeID], _ bound: BoundGraph) -> Double {
        // Bytes over all cuts, counted cut by cut.
        let graph = bound.graph
        var home: [ValueID: Int] = [:]
        var last: [ValueID: Int] = [:]
        for (position, id) in order.enumerated() {
            let node = graph.nodes[id.index]
            for case let output? in node.outputs { home[output] = position }
            for case let input? in node.inputs {
                if graph.inputs.contains(where: { $0.value == input }), home[input] == nil { home[input] = position }
                last[input] = position
            }
        }
        for output in graph.outputs { last[output] = order.count - 1 }
        var sum = 0.0
        for cut in 0..<max(0, order.count - 1) {
            for (value, position) in home where position <= cut && last[value] ?? -1 > cut {
                sum += Double(bound.type(of: value)?.byteCount ?? 0)
            }
        }
        return sum
    }

    @Test func ordersRunAndAreNeverWider() {
        var random = SplitMix(95)
        var narrower = 0
        for _ in 0..<400 {
            let bound = RandomModel(&random, nodeCount: random.integer(1...20)).bound
            let order = NodeOrder.narrow(bound)
            #expect(Set(order) == Set(bound.runtimeNodes) && order.count == bound.runtimeNodes.count)
            #expect(isRunnable(order, bound))
            let (before, after) = (width(bound.runtimeNodes, bound), width(order, bound))
            #expect(after <= before)
            if after < before { narrower += 1 }
        }
        #expect(narrower > 50)
    }

    @Test func branchesAreFollowedToTheirEnds() throws {
        // The file has both branches side by side; each is wide inside and narrow at its end.
        var graph = Graph(name: "branches")
        let input = graph.addInput(named: "input", dtype: .float32, dimensions: [.symbol("batch"), .fixed(1)])
        var wide: [ValueID] = []
        for branch in 0..<2 {
            wide.append(
                graph.addNode(
                    named: "widen\(branch)", .concatenation(Concatenation(axis: 1)),
                    [ValueID](repeating: input, count: 40)))
        }
        for step in 0..<3 {
            for branch in 0..<2 {
                wide[branch] = graph.addNode(named: "step\(step).\(branch)", .unary(Unary(.relu)), [wide[branch]])
            }
        }
        var narrow: [ValueID] = []
        for branch in 0..<2 {
            let output = graph.addValue(named: "narrow\(branch)")
            let rest = graph.addValue(named: "rest\(branch)")
            graph.nodes.append(
                Node(
                    name: "narrow\(branch)", operation: .split(Split(axis: 1, parts: 40)), inputs: [wide[branch]],
                    outputs: [output] + [ValueID?](repeating: nil, count: 38) + [rest]))
            narrow.append(output)
        }
        graph.outputs = [graph.addNode(named: "sum", .binary(Binary(.add)), narrow)]
        let bound = try BoundGraph(
            graph, inputTypes: graph.inputTypes(symbols: ["batch": 1]),
            evaluate: { _, _, _ in throw GraphError("nothing to fold") })
        let names = NodeOrder.narrow(bound).map { graph.nodes[$0.index].name }
        let first = names.firstIndex(of: "narrow0")!
        let second = names.firstIndex(of: "narrow1")!
        #expect(abs(first - second) == 5, "\(names)")
    }
}
