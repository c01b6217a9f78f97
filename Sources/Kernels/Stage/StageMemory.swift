internal import Graphs
internal import Tensors

/// Where each value of a stage lies while it runs.
enum Location: Hashable {
    /// Bytes from the start of the stage's arena.
    case arena(Int)
    /// In the n-th tensor fed.
    case input(Int)
    /// In the n-th tensor to be filled.
    case output(Int)
    /// In the n-th resident constant.
    case constant(Int)
}

/// Decides which values of a stage share a buffer (views, element-wise results over their dying operand, results that
/// are stage outputs) and which bytes of the arena the others get.
struct StageMemory {
    private var locals: [ValueID: Int] = [:]
    private var parent: [Int] = []
    private var byteCounts: [Int] = []
    private var firstStep: [Int] = []
    private var lastStep: [Int] = []
    private var external: [Location?] = []
    /// Values that some step must copy to their output, since their bytes lie elsewhere.
    private(set) var copies: [(from: ValueID, output: Int)] = []
    /// By step: whether the node is a view whose result already has its bytes.
    private(set) var isAliased: [Bool]
    private var offsets: [Int: Int] = [:]
    private(set) var arenaByteCount = 0

    /// - Parameters:
    ///   - overwritable: for each node the operands whose memory its first result may take.
    init(
        nodes: [Node], inputs: [ValueID], outputs: [ValueID], types: [TensorType?], constants: [ValueID: Int],
        overwritable: [Set<Int>]
    ) {
        isAliased = [Bool](repeating: false, count: nodes.count)
        func size(_ value: ValueID) -> Int { types[value.index]?.byteCount ?? 0 }
        for (index, value) in inputs.enumerated() { add(value, size(value), step: -1, .input(index)) }
        for (value, index) in constants { add(value, size(value), step: -1, .constant(index)) }
        for (step, node) in nodes.enumerated() {
            for case let output? in node.outputs { add(output, size(output), step: step, nil) }
        }
        for (step, node) in nodes.enumerated() {
            for case let input? in node.inputs {
                // An operand that its kernel has absorbed has no place and needs none.
                if let local = locals[input] { lastStep[local] = max(lastStep[local], step) }
            }
        }
        for (index, value) in outputs.enumerated() {
            let local = locals[value]!
            lastStep[local] = nodes.count
            if external[local] == nil { external[local] = .output(index) } else { copies.append((value, index)) }
        }
        for (step, node) in nodes.enumerated() {
            share(node, step: step, types: types, overwritable: overwritable[step])
        }
        place()
    }

    func location(of value: ValueID) -> Location? {
        guard let local = locals[value] else { return nil }
        let root = find(local)
        return external[root] ?? .arena(offsets[root]!)
    }

    private mutating func add(_ value: ValueID, _ byteCount: Int, step: Int, _ location: Location?) {
        guard locals[value] == nil else { return }
        locals[value] = parent.count
        parent.append(parent.count)
        byteCounts.append(byteCount)
        firstStep.append(step)
        lastStep.append(step)
        external.append(location)
    }

    private func find(_ local: Int) -> Int {
        var local = local
        while parent[local] != local { local = parent[local] }
        return local
    }

    private mutating func share(_ node: Node, step: Int, types: [TensorType?], overwritable: Set<Int>) {
        guard let result = node.outputs.first ?? nil, let made = locals[result] else { return }
        if node.operation.attributes.isView, let operand = node.inputs[0], let source = locals[operand] {
            let root = find(source)
            if external[root] == nil || external[made] == nil {
                merge(made, into: root)
                isAliased[step] = true
            }
            return
        }
        guard let resultType = types[result.index] else { return }
        for index in node.inputs.indices where overwritable.contains(index) {
            guard let operand = node.inputs[index], let source = locals[operand], types[operand.index] == resultType
            else { continue }
            let root = find(source)
            // Bytes that belong to others must not be overwritten, nor are those read after this step, nor those that
            // the node reads in another order.
            let isReadOtherwise = node.inputs.indices.contains { other in
                guard let value = node.inputs[other], locals[value].map(find) == root else { return false }
                return value != operand || !overwritable.contains(other)
            }
            guard external[root] == nil, lastStep[root] == step, !isReadOtherwise else { continue }
            merge(made, into: root)
            return
        }
    }

    private mutating func merge(_ local: Int, into root: Int) {
        parent[local] = root
        external[root] = external[root] ?? external[local]
        lastStep[root] = max(lastStep[root], lastStep[local])
        firstStep[root] = min(firstStep[root], firstStep[local])
    }

    private mutating func place() {
        let roots = parent.indices.filter { parent[$0] == $0 && external[$0] == nil }
        let plan = MemoryPlan(
            roots.map { MemoryPlan.Buffer(byteCount: byteCounts[$0], steps: firstStep[$0]...lastStep[$0]) })
        for (root, offset) in zip(roots, plan.offsets) { offsets[root] = offset }
        arenaByteCount = plan.byteCount
    }
}

extension Operation {
    /// Operands that are read element by element, each before the result's element at the same place is written.
    var elementwiseOperands: Set<Int> {
        switch self {
        case .unary: [0]
        case .binary: [0, 1]
        case .batchNormalization: [0]
        default: []
        }
    }
}
