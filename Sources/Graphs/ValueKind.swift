/// What a value can be while a graph runs.
enum ValueKind: Hashable {
    case tensor
    case sequence
    /// An optional that holds nothing.
    case nothing
    /// One or the other, as data decide.
    case open

    /// Whether it is a tensor and nothing else, so that it may leave a stage.
    var isTensor: Bool { self == .tensor }

    func joined(with other: ValueKind) -> ValueKind {
        switch (self, other) {
        case (let one, let same) where one == same: one
        case (.nothing, .sequence), (.sequence, .nothing): .sequence
        default: .open
        }
    }
}

extension Graph {
    /// By `ValueID.index`.
    ///
    /// - Parameter parameters: of a body.
    func valueKinds(parameters: [ValueKind]) -> [ValueKind] {
        var kinds = [ValueKind](repeating: .tensor, count: valueNames.count)
        for (parameter, kind) in zip(self.parameters, parameters) { kinds[parameter.index] = kind }
        for node in nodes {
            let made = node.outputKinds(node.inputs.map { $0.map { kinds[$0.index] } ?? .nothing })
            for case (let output?, let kind) in zip(node.outputs, made) { kinds[output.index] = kind }
        }
        return kinds
    }
}

extension Node {
    fileprivate func outputKinds(_ operands: [ValueKind]) -> [ValueKind] {
        func results(_ body: Graph, _ parameters: [ValueKind]) -> [ValueKind] {
            let kinds = body.valueKinds(parameters: parameters)
            return body.outputs.map { kinds[$0.index] }
        }
        switch operation {
        case .sequence(let sequence): return [sequence.makesSequence ? .sequence : .tensor]
        case .optional(let optional):
            switch optional.kind {
            case .empty: return [.nothing]
            case .hasElement: return [.tensor]
            case .element: return [operands.first == .sequence ? .sequence : .tensor]
            }
        case .identity: return [operands.first ?? .tensor]
        case .conditional(let conditional):
            let captured = Array(operands.dropFirst())
            return zip(results(conditional.thenBranch, captured), results(conditional.elseBranch, captured))
                .map { $0.joined(with: $1) }
        case .loop(let loop):
            var states = Array(operands.dropFirst(2).prefix(loop.stateCount))
            let captured = Array(operands.dropFirst(2 + loop.stateCount))
            // What a state may become in one iteration it may be in the next; kinds only widen.
            for _ in 0...2 * states.count {
                let made = results(loop.body, [.tensor, .tensor] + states + captured)
                states = zip(states, made.dropFirst()).map { $0.joined(with: $1) }
            }
            return states + [ValueKind](repeating: .tensor, count: max(loop.stackCount, 0))
        case .enclosure(let enclosure): return results(enclosure.body, operands)
        default: return [ValueKind](repeating: .tensor, count: outputs.count)
        }
    }
}
