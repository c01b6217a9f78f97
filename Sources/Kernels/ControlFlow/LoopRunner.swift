internal import Graphs
internal import Tensors

/// Runs a loop's body once for each iteration.
struct LoopRunner: NodeRunner {
    private let loop: Loop
    private let name: String
    private let body: BodyProgram
    /// Outputs of the body that no other output shares, so that each may have memory of its own.
    private let isAlone: [Bool]

    init(_ loop: Loop, _ node: Node, bound: BoundGraph, environment: StageEnvironment) throws {
        self.loop = loop
        name = node.name
        let captured = node.inputs.dropFirst(2 + loop.stateCount)
        let own: [Tensor?] = [nil, Tensor([true], shape: loop.conditionType.shape)]
        body = BodyProgram(
            loop.body, of: node, index: 0,
            known: own + (0..<loop.stateCount).map { _ in nil } + captured.map { $0.flatMap { bound.known[$0] } },
            environment: environment)
        isAlone = loop.body.outputs.map { output in loop.body.outputs.filter { $0 == output }.count == 1 }
        let types = node.inputs.dropFirst(2).map { $0.flatMap(bound.type) }
        guard types.count >= loop.stateCount, !types.contains(where: { $0 == nil }) else { return }
        _ = try body.compiled(for: [loop.iterationType, loop.conditionType] + types)
    }

    func run(_ operands: [StageValue?], betweenNodes: () throws -> Void) throws -> [StageValue?] {
        let limit = try operand(operands, 0, TensorType(.int64, [])).map { Int($0.elements(of: Int64.self)[0]) } ?? .max
        var goesOn = try operand(operands, 1, TensorType(.bool, [])).map(\.isTrue) ?? true
        let rest = try operands.dropFirst(2).map { try $0.required }
        guard rest.count >= loop.stateCount else { throw KernelError("\(loop.stateCount) states are needed") }
        var states = CarriedStates(Array(rest[..<loop.stateCount]))
        let captured = Array(rest[loop.stateCount...])
        let condition = StageValue.tensor(Tensor([true], shape: loop.conditionType.shape))
        let firstStack = 1 + loop.stateCount
        var stacks = (0..<loop.stackCount).map { StackedResults(named: "\(name)[\($0)]", capacity: max(limit, 0)) }

        func compiled() throws -> BodyProgram.Compiled {
            try body.compiled(
                for: [loop.iterationType, loop.conditionType] + states.values.map(\.type) + captured.map(\.type))
        }
        var current = limit > 0 && goesOn || loop.stackCount > 0 ? try compiled() : nil
        var iteration = 0
        while goesOn, iteration < limit, let program = current {
            var buffers = [Tensor?](repeating: nil, count: loop.body.outputs.count)
            for index in 0..<loop.stateCount where isAlone[1 + index] {
                buffers[1 + index] = try states.buffer(
                    index, type: program.outputType(1 + index), named: "\(name)[\(index)]")
            }
            for index in stacks.indices where isAlone[firstStack + index] {
                buffers[firstStack + index] = try stacks[index].buffer(program.outputType(firstStack + index))
            }
            let number = Tensor([Int64(iteration)], shape: loop.iterationType.shape)
            let before = states.values.map(\.type)
            let results = try body.run(
                program, [.tensor(number), condition] + states.values + captured, buffers: buffers,
                betweenNodes: betweenNodes)
            guard let next = results[0].tensor, next.dtype == .bool, next.elementCount == 1 else {
                throw KernelError("its body makes a condition of \(results[0].summary), and one bool is needed")
            }
            goesOn = next.isTrue
            states.advance(to: results[1..<firstStack])
            for index in stacks.indices { try stacks[index].append(results[firstStack + index]) }
            iteration += 1
            if goesOn, iteration < limit, states.values.map(\.type) != before { current = try compiled() }
        }
        return try states.values.map { $0 }
            + stacks.indices.map { index in
                .tensor(try stacks[index].result(ofType: current?.outputType(firstStack + index)))
            }
    }

    private func operand(_ operands: [StageValue?], _ index: Int, _ type: TensorType) throws -> Tensor? {
        guard index < operands.count, let operand = operands[index] else { return nil }
        guard let tensor = operand.tensor, tensor.dtype == type.dtype, tensor.elementCount == 1 else {
            throw KernelError("operand \(index) must be one \(type.dtype), not \(operand.summary)")
        }
        return tensor
    }
}

extension Tensor {
    /// Of a tensor of one truth value.
    fileprivate var isTrue: Bool { withBytes { $0[0] != 0 } }
}
