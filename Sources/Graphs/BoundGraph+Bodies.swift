internal import Tensors

/// How nodes with bodies are bound: the bodies are bound to what is known of their parameters.
extension BoundGraph {
    /// What is known of a node's outputs before it runs.
    private struct Outcome {
        var types: [TensorType?]
        var known: [Tensor?] = []
        var cost: Cost
    }

    mutating func bindBodies(_ index: Int, evaluate: ConstantEvaluator) throws {
        let node = graph.nodes[index]
        let outcome: Outcome
        do {
            try node.operation.checkBodies(operandCount: node.inputs.count, outputCount: node.outputs.count)
            switch node.operation {
            case .conditional(let conditional): outcome = try bind(conditional, node, evaluate)
            case .loop(let loop): outcome = try bind(loop, node, evaluate)
            case .scan(let scan): outcome = try bind(scan, node, evaluate)
            case .enclosure(let enclosure): outcome = try self.outcome(of: enclosure.body, node, evaluate)
            default: preconditionFailure("no operator with bodies")
            }
        } catch {
            throw GraphError(node: node, operands: operands(of: node).types, reason: "\(error)")
        }
        bodyCosts[index] = outcome.cost
        var isKnown = true
        for (position, output) in node.outputs.enumerated() {
            guard let output else { continue }
            types[output.index] = outcome.types[position]
            if outcome.types[position] == nil { isDeferred[index] = true }
            if position < outcome.known.count, let tensor = outcome.known[position] {
                known[output] = tensor
                isConstant[output.index] = true
            } else {
                isKnown = false
            }
        }
        isFolded[index] = isKnown
    }

    private func operandType(_ node: Node, _ index: Int) -> TensorType? {
        node.inputs.indices.contains(index) ? node.inputs[index].flatMap { types[$0.index] } : nil
    }

    private func operandTensor(_ node: Node, _ index: Int) -> Tensor? {
        node.inputs.indices.contains(index) ? node.inputs[index].flatMap { known[$0] } : nil
    }

    private func hasOperand(_ node: Node, _ index: Int) -> Bool {
        node.inputs.indices.contains(index) && node.inputs[index] != nil
    }

    /// What is known of the operands that only the bodies take.
    private func captured(_ node: Node) -> (types: [TensorType?], known: [Tensor?]) {
        let indices = node.operation.ownOperands.operands..<max(node.inputs.count, node.operation.ownOperands.operands)
        return (indices.map { operandType(node, $0) }, indices.map { operandTensor(node, $0) })
    }

    private func flag(_ node: Node, _ index: Int) throws -> Bool? {
        if let type = operandType(node, index), type.dtype != .bool || type.shape.elementCount != 1 {
            throw InferenceError.mismatch("the condition must be one bool, not \(type)")
        }
        return operandTensor(node, index).map { $0.withBytes { $0[0] != 0 } }
    }

    /// What a body that runs once makes of the operands.
    private func outcome(of body: Graph, _ node: Node, _ evaluate: ConstantEvaluator) throws -> Outcome {
        let captured = captured(node)
        let bound = try BoundGraph(body: body, parameters: captured.types, known: captured.known, evaluate: evaluate)
        return Outcome(
            types: body.outputs.map(bound.type), known: body.outputs.map { bound.known[$0] }, cost: bound.totalCost)
    }

    // MARK: If

    private func bind(_ conditional: Conditional, _ node: Node, _ evaluate: ConstantEvaluator) throws -> Outcome {
        func outcome(_ body: Graph) throws -> Outcome { try self.outcome(of: body, node, evaluate) }
        if let condition = try flag(node, 0) {
            return try outcome(condition ? conditional.thenBranch : conditional.elseBranch)
        }
        // A branch that cannot be taken at these shapes is an error only once it is taken.
        let then = Result { try outcome(conditional.thenBranch) }
        let otherwise = Result { try outcome(conditional.elseBranch) }
        switch (then, otherwise) {
        case (.success(let first), .success(let second)):
            return Outcome(
                types: zip(first.types, second.types).map { $0 == $1 ? $0 : nil },
                cost: first.cost.flops < second.cost.flops ? second.cost : first.cost)
        case (.success(let one), .failure), (.failure, .success(let one)):
            return Outcome(types: one.types.map { _ in nil }, cost: one.cost)
        case (.failure, .failure(let error)): throw error
        }
    }

    // MARK: Loop

    private func bind(_ loop: Loop, _ node: Node, _ evaluate: ConstantEvaluator) throws -> Outcome {
        if let type = operandType(node, 0), type.dtype != .int64 || type.shape.elementCount != 1 {
            throw InferenceError.mismatch("the most iterations must be one int64, not \(type)")
        }
        let captured = captured(node)
        // The body runs only where the condition holds.
        let holds = Tensor([true], shape: loop.conditionType.shape)
        let states = (0..<loop.stateCount).map { operandType(node, 2 + $0) }
        let (bound, settled) = try settle(loop.body, states: states, firstState: 1) { states in
            try BoundGraph(
                body: loop.body, parameters: [loop.iterationType, loop.conditionType] + states + captured.types,
                known: [nil, holds] + states.map { _ in nil } + captured.known, evaluate: evaluate)
        }
        let limit = operandTensor(node, 0).map { max(0, Int($0.elements(of: Int64.self)[0])) }
        let starts = hasOperand(node, 1) ? try flag(node, 1) : true
        let goesOn = bound.known[loop.body.outputs[0]].map { $0.withBytes { ($0.first ?? 0) != 0 } }
        let trips: Int? =
            switch (limit, starts, goesOn) {
            case (0, _, _), (_, false, _): 0
            case (let limit?, true, true): limit
            case (let limit?, true, false): min(limit, 1)
            default: nil
            }
        let stacks = try (0..<loop.stackCount).map { index -> TensorType? in
            guard let trips, let element = bound.type(of: loop.body.outputs[1 + loop.stateCount + index]) else {
                return nil
            }
            return TensorType(element.dtype, try checkedShape([trips] + element.shape.dimensions))
        }
        return Outcome(types: settled + stacks, cost: bound.totalCost.times(trips ?? 1))
    }

    /// Binds a body until its states keep their types; those that do not lose them.
    private func settle(
        _ body: Graph, states: [TensorType?], firstState: Int, bind: ([TensorType?]) throws -> BoundGraph
    ) throws -> (BoundGraph, [TensorType?]) {
        var states = states
        while true {
            let bound = try bind(states)
            let kept = states.indices.map { index in
                bound.type(of: body.outputs[firstState + index]) == states[index] ? states[index] : nil
            }
            if kept == states { return (bound, states) }
            states = kept
        }
    }

    // MARK: Scan

    private func bind(_ scan: Scan, _ node: Node, _ evaluate: ConstantEvaluator) throws -> Outcome {
        let captured = captured(node)
        let states = (0..<scan.stateCount).map { operandType(node, $0) }
        let slices = try scan.slices(of: scan.inputs.indices.map { operandType(node, scan.stateCount + $0) })
        let (bound, settled) = try settle(scan.body, states: states, firstState: 0) { states in
            try BoundGraph(
                body: scan.body, parameters: states + slices.types + captured.types,
                known: states.map { _ in nil } + slices.types.map { _ in nil } + captured.known, evaluate: evaluate)
        }
        let stacks = try scan.outputs.indices.map { index -> TensorType? in
            guard let count = slices.count, let element = bound.type(of: scan.body.outputs[scan.stateCount + index])
            else { return nil }
            return try scan.stack(index, of: element, count: count)
        }
        return Outcome(types: settled + stacks, cost: bound.totalCost.times(slices.count ?? 1))
    }
}

extension BoundGraph {
    /// What one run of all nodes costs, as far as shapes are known.
    public var totalCost: Cost { runtimeNodes.reduce(into: .zero) { $0 += cost(of: $1) } }
}

extension Cost {
    fileprivate func times(_ count: Int) -> Cost { Cost(flops: flops * Double(count), bytes: bytes * Double(count)) }
}
