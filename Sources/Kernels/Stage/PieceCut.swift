internal import Graphs

/// Which nodes of a part can be compiled now, which must see data but have all they need once those have run, and which
/// have to wait.
struct PieceCut {
    private(set) var compiled: [NodeID] = []
    private(set) var ready: [NodeID] = []
    private(set) var rest: [NodeID] = []
    /// Values that lie in the part's inputs or come from the compiled nodes.
    private(set) var atHand: Set<ValueID>
    /// Those of them that are tensors of known types, so that kernels can be made for them.
    private(set) var typed: Set<ValueID>

    init(_ bound: BoundGraph, part: GraphPart) {
        let isConstant = bound.constantValues()
        atHand = Set(part.inputs)
        typed = Set(part.inputs.filter { bound.type(of: $0) != nil })
        for id in part.nodes where !bound.isFolded[id.index] && !bound.isLoadTime[id.index] {
            let node = bound.graph.nodes[id.index]
            let operands = node.inputs.compactMap(\.self).filter { !isConstant[$0.index] }
            if operands.allSatisfy(typed.contains), !bound.isDeferred[id.index], !node.operation.seesData {
                compiled.append(id)
                for case let output? in node.outputs {
                    atHand.insert(output)
                    typed.insert(output)
                }
            } else if operands.allSatisfy(atHand.contains) {
                ready.append(id)
            } else {
                rest.append(id)
            }
        }
    }

    /// Whether there is nothing but compiled nodes.
    var isWhole: Bool { ready.isEmpty && rest.isEmpty }
}
