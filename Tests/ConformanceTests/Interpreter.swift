import Graphs
import Kernels
import Tensors

/// Evaluates a graph node by node on actual values, without planned memory, packed weights or types known before;
/// control flow too, by code of its own and in the simplest way.
struct Interpreter {
    let graph: Graph
    private let pool: WorkerPool
    /// Sees each node before it is computed, with its operands; those of bodies too, each time they run.
    private let watch: (Node, [StageValue?]) -> Void

    init(
        graph: Graph, pool: WorkerPool = WorkerPool(threadCount: 1),
        watch: @escaping (Node, [StageValue?]) -> Void = { _, _ in }
    ) {
        self.graph = graph
        self.pool = pool
        self.watch = watch
    }

    /// The outputs of the graph, in order, for inputs by name. What its binding says is compared with what comes out.
    func run(_ input: (String) -> StageValue?) throws -> [StageValue] {
        let inputs = try graph.inputs.map { declared in
            guard let tensor = input(graph.name(of: declared.value))?.tensor else {
                throw Failure("no array for the input '\(graph.name(of: declared.value))'")
            }
            return (declared.value, tensor)
        }
        let bound = try BoundGraph(
            graph, inputTypes: inputs.map(\.1.type), evaluate: ConstantEvaluation.evaluator)
        let parameters = graph.parameters.map { ($0, input(graph.name(of: $0)) ?? .nothing) }
        return try run(inputs.map { ($0, .tensor($1)) } + parameters, bound: bound)
    }

    /// The same for tensors in order.
    func run(_ inputs: [Tensor]) throws -> [Tensor] {
        let names = graph.inputs.map { graph.name(of: $0.value) }
        return try run { name in names.firstIndex(of: name).map { .tensor(inputs[$0]) } }.map { value in
            guard let tensor = value.tensor else { throw Failure("an output is no tensor") }
            return tensor
        }
    }

    /// The outputs of a body for values of its parameters.
    private func run(body: Graph, _ parameters: [StageValue?]) throws -> [StageValue] {
        let fed = try zip(body.parameters, parameters).map { parameter, value in
            guard let value else { throw Failure("no value for '\(body.name(of: parameter))'") }
            return (parameter, value)
        }
        return try Interpreter(graph: body, pool: pool, watch: watch).run(fed, bound: nil)
    }

    private func run(
        _ fed: some Sequence<(ValueID, StageValue)>, bound: BoundGraph?
    ) throws -> [StageValue] {
        var values: [ValueID: StageValue] = [:]
        for (value, constant) in graph.constants { values[value] = .tensor(try constant.load()) }
        for (value, content) in fed { values[value] = content }
        for node in graph.nodes {
            let operands = node.inputs.map { $0.flatMap { values[$0] } }
            let results = try run(node, operands)
            let dtypes = operands.map { $0?.type?.dtype }
            for (index, (output, result)) in zip(node.outputs, results).enumerated() {
                guard let output, let result else { continue }
                if let dtype = node.operation.resultDType(index, operands: dtypes), result.type?.dtype != dtype {
                    throw Failure("said to be \(dtype), computed \(String(describing: result.type))")
                }
                if let type = bound?.type(of: output), result.type != type {
                    throw Failure("bound to \(type), computed \(String(describing: result.type))")
                }
                if let known = bound?.known[output], let tensor = result.tensor, !known.hasSameBytes(as: tensor) {
                    throw Failure("'\(graph.name(of: output))' is not what was folded for it")
                }
                values[output] = result
            }
        }
        return try graph.outputs.map { output in
            guard let value = values[output] else { throw Failure("no value for '\(graph.name(of: output))'") }
            return value
        }
    }

    private func run(_ node: Node, _ operands: [StageValue?]) throws -> [StageValue?] {
        watch(node, operands)
        switch node.operation {
        case .conditional(let conditional):
            let isTrue = try operands[0].flag()
            return try run(
                body: isTrue ? conditional.thenBranch : conditional.elseBranch, Array(operands.dropFirst()))
        case .loop(let loop): return try run(loop, operands)
        case .scan(let scan): return try run(scan, operands)
        default: return try NodeEvaluation.evaluate(node.operation, operands: operands, pool: pool)
        }
    }

    private func run(_ loop: Loop, _ operands: [StageValue?]) throws -> [StageValue?] {
        let limit = operands.first?.flatMap { $0.tensor?.elements(of: Int64.self)[0] } ?? .max
        var goesOn = operands.count < 2 || operands[1] == nil ? true : try operands[1].flag()
        var states = Array(operands.dropFirst(2).prefix(loop.stateCount))
        let captured = operands.dropFirst(2 + loop.stateCount)
        var stacks = [[Tensor]](repeating: [], count: loop.stackCount)
        var iteration: Int64 = 0
        while goesOn, iteration < limit {
            let own: [StageValue?] = [
                .tensor(Tensor([iteration], shape: loop.iterationType.shape)),
                .tensor(Tensor([true], shape: loop.conditionType.shape)),
            ]
            let results = try run(body: loop.body, own + states + captured)
            goesOn = try Optional(results[0]).flag()
            states = Array(results[1...].prefix(loop.stateCount))
            for index in stacks.indices { stacks[index].append(try results[1 + loop.stateCount + index].required) }
            iteration += 1
        }
        guard stacks.contains(where: \.isEmpty) else {
            return states + (try stacks.map { .tensor(try Tensor(stacking: $0, of: nil)) })
        }
        let elements = try elementTypes(
            loop.body, [loop.iterationType, loop.conditionType] + states.map { $0?.type } + captured.map { $0?.type })
        return states
            + (try zip(stacks, elements.dropFirst(1 + loop.stateCount)).map {
                .tensor(try Tensor(stacking: $0, of: $1))
            })
    }

    private func run(_ scan: Scan, _ operands: [StageValue?]) throws -> [StageValue?] {
        var states = Array(operands.prefix(scan.stateCount))
        let scanned = try operands.dropFirst(scan.stateCount).prefix(scan.inputs.count).map { value in
            guard let tensor = value?.tensor else { throw Failure("it scans no tensor") }
            return tensor
        }
        let captured = operands.dropFirst(scan.stateCount + scan.inputs.count)
        let count = try scan.slices(of: scanned.map(\.type)).count ?? 0
        var stacks = [[Tensor]](repeating: [], count: scan.outputs.count)
        for iteration in 0..<count {
            let slices = try zip(scanned, scan.inputs).map { tensor, direction -> StageValue? in
                let place = direction.isReversed ? count - 1 - iteration : iteration
                return try NodeEvaluation.evaluate(
                    .gather(Gather(axis: direction.axis)),
                    operands: [.tensor(tensor), .tensor(Tensor(scalar: Int64(place)))], pool: pool)[0]
            }
            let results = try run(body: scan.body, states + slices + captured)
            states = Array(results.prefix(scan.stateCount))
            for index in stacks.indices { stacks[index].append(try results[scan.stateCount + index].required) }
        }
        let types = try scan.slices(of: scanned.map(\.type)).types
        let elements = try elementTypes(scan.body, states.map { $0?.type } + types + captured.map { $0?.type })
        let outputs = try zip(zip(stacks, scan.outputs), elements.dropFirst(scan.stateCount)).map {
            pair, type -> StageValue? in
            let (stack, direction) = pair
            let stacked = try Tensor(stacking: direction.isReversed ? stack.reversed() : stack, of: type)
            let axis = try normalizedAxis(direction.axis, rank: stacked.shape.rank)
            var order = Array(1..<stacked.shape.rank)
            order.insert(0, at: axis)
            return try NodeEvaluation.evaluate(
                .transpose(Transpose(permutation: order)), operands: [.tensor(stacked)], pool: pool)[0]
        }
        return states + outputs
    }

    /// What a body that never runs would make.
    private func elementTypes(_ body: Graph, _ parameters: [TensorType?]) throws -> [TensorType?] {
        let bound = try BoundGraph(
            body: body, parameters: parameters, known: parameters.map { _ in nil },
            evaluate: ConstantEvaluation.evaluator)
        return body.outputs.map(bound.type)
    }
}

extension StageValue? {
    fileprivate func flag() throws -> Bool {
        guard let tensor = self?.tensor, tensor.dtype == .bool else { throw Failure("no truth value") }
        return tensor.elements(of: Bool.self)[0]
    }
}

extension StageValue {
    fileprivate var required: Tensor {
        get throws {
            guard let tensor else { throw Failure("no tensor to stack") }
            return tensor
        }
    }
}

extension Tensor {
    fileprivate func hasSameBytes(as other: Tensor) -> Bool {
        type == other.type && withBytes { Array($0) } == other.withBytes { Array($0) }
    }

    /// Tensors of one type along a new first axis.
    ///
    /// - Parameter type: where there may be none.
    fileprivate init(stacking tensors: [Tensor], of type: TensorType?) throws {
        guard let type = tensors.first?.type ?? type, tensors.allSatisfy({ $0.type == type }) else {
            throw Failure("nothing to stack, or different types")
        }
        self.init(uninitialized: type.dtype, shape: Shape([tensors.count] + type.shape.dimensions))
        withMutableBytes { target in
            for (index, tensor) in tensors.enumerated() {
                tensor.withBytes { source in
                    target[(index * source.count)..<((index + 1) * source.count)].copyBytes(from: source)
                }
            }
        }
    }
}
