internal import Graphs
internal import Tensors

/// Runs a scan's body once for each slice.
struct ScanRunner: NodeRunner {
    private let scan: Scan
    private let name: String
    private let body: BodyProgram
    private let isAlone: [Bool]
    private let pool: WorkerPool

    init(_ scan: Scan, _ node: Node, bound: BoundGraph, environment: StageEnvironment) throws {
        self.scan = scan
        name = node.name
        pool = environment.pool
        let own = scan.stateCount + scan.inputs.count
        let captured = node.inputs.dropFirst(own)
        body = BodyProgram(
            scan.body, of: node, index: 0,
            known: (0..<own).map { _ in nil } + captured.map { $0.flatMap { bound.known[$0] } },
            environment: environment)
        isAlone = scan.body.outputs.map { output in scan.body.outputs.filter { $0 == output }.count == 1 }
        let types = node.inputs.map { $0.flatMap(bound.type) }
        guard types.count >= own, !types.contains(where: { $0 == nil }) else { return }
        let slices = try scan.slices(of: Array(types[scan.stateCount..<own])).types
        _ = try body.compiled(for: types[..<scan.stateCount] + slices + types[own...])
    }

    func run(_ operands: [StageValue?], betweenNodes: () throws -> Void) throws -> [StageValue?] {
        let values = try operands.map { try $0.required }
        let own = scan.stateCount + scan.inputs.count
        guard values.count >= own else { throw KernelError("\(own) operands are needed") }
        let slices = try scan.slices(of: values[scan.stateCount..<own].map(\.type))
        let count = slices.count ?? 0
        // [count, ...] each
        let scanned = try zip(values[scan.stateCount..<own], scan.inputs).map { value, direction in
            guard let tensor = value.tensor else { throw KernelError("it would scan \(value.summary)") }
            return try moved(tensor, from: normalizedAxis(direction.axis, rank: tensor.shape.rank), to: 0)
        }
        var states = CarriedStates(Array(values[..<scan.stateCount]))
        let captured = Array(values[own...])
        var stacks = scan.outputs.indices.map { StackedResults(named: "\(name)[\($0)]", capacity: count) }
        func compiled() throws -> BodyProgram.Compiled {
            try body.compiled(for: states.values.map(\.type) + slices.types + captured.map(\.type))
        }
        var current = try compiled()
        for iteration in 0..<count {
            var buffers = [Tensor?](repeating: nil, count: scan.body.outputs.count)
            for index in 0..<scan.stateCount where isAlone[index] {
                buffers[index] = try states.buffer(index, type: current.outputType(index), named: "\(name)[\(index)]")
            }
            for index in stacks.indices where isAlone[scan.stateCount + index] {
                buffers[scan.stateCount + index] = try stacks[index].buffer(
                    current.outputType(scan.stateCount + index))
            }
            let elements = scanned.indices.map { index -> StageValue in
                let place = scan.inputs[index].isReversed ? count - 1 - iteration : iteration
                return .tensor(scanned[index].slice(place..<(place + 1)).reshaped(slices.types[index]!.shape))
            }
            let before = states.values.map(\.type)
            let results = try body.run(
                current, states.values + elements + captured, buffers: buffers, betweenNodes: betweenNodes)
            states.advance(to: results[..<scan.stateCount])
            for index in stacks.indices { try stacks[index].append(results[scan.stateCount + index]) }
            if iteration + 1 < count, states.values.map(\.type) != before { current = try compiled() }
        }
        let results = try stacks.indices.map { index -> StageValue in
            let stack = try stacks[index].result(ofType: current.outputType(scan.stateCount + index))
            let direction = scan.outputs[index]
            let ordered = direction.isReversed ? try reversed(stack) : stack
            return .tensor(try moved(ordered, from: 0, to: normalizedAxis(direction.axis, rank: stack.shape.rank)))
        }
        return states.values + results
    }

    /// A tensor with one axis moved to another place.
    private func moved(_ tensor: Tensor, from: Int, to: Int) throws -> Tensor {
        guard from != to else { return tensor }
        var axes = Array(0..<tensor.shape.rank)
        axes.insert(axes.remove(at: from), at: to)
        return try NodeEvaluation.evaluate(
            .transpose(Transpose(permutation: axes)), operands: [tensor], pool: pool)[0]
    }

    /// A tensor with its first axis turned round.
    private func reversed(_ tensor: Tensor) throws -> Tensor {
        let places = (0..<tensor.shape[0]).reversed().map(Int64.init)
        return try NodeEvaluation.evaluate(.gather(Gather(axis: 0)), operands: [tensor, Tensor(places)], pool: pool)[0]
    }
}
