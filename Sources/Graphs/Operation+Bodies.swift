/// Operators that hold graphs of their own.
extension Operation {
    /// The graphs that the operator runs; none for most.
    public var bodies: [Graph] {
        get {
            switch self {
            case .conditional(let conditional): [conditional.thenBranch, conditional.elseBranch]
            case .loop(let loop): [loop.body]
            case .scan(let scan): [scan.body]
            case .enclosure(let enclosure): [enclosure.body]
            default: []
            }
        }
        set {
            switch self {
            case .conditional: self = .conditional(Conditional(thenBranch: newValue[0], elseBranch: newValue[1]))
            case .loop(var loop):
                loop.body = newValue[0]
                self = .loop(loop)
            case .scan(var scan):
                scan.body = newValue[0]
                self = .scan(scan)
            case .enclosure: self = .enclosure(Enclosure(body: newValue[0]))
            default: precondition(newValue.isEmpty, "the operator has no bodies")
            }
        }
    }

    public var hasBodies: Bool { !bodies.isEmpty }

    /// Whether the result is no tensor, whatever the operands.
    var makesNoTensor: Bool {
        switch self {
        case .sequence(let sequence): sequence.makesSequence
        case .optional(let optional): optional.kind == .empty
        default: false
        }
    }

    /// Operands before those that only the bodies take, and parameters of the bodies before the same.
    var ownOperands: (operands: Int, parameters: Int) {
        switch self {
        case .conditional: (1, 0)
        case .loop(let loop): (2 + loop.stateCount, 2 + loop.stateCount)
        case .scan(let scan): (scan.stateCount + scan.inputs.count, scan.stateCount + scan.inputs.count)
        default: (0, 0)
        }
    }

    /// Outputs that each body must have; nil where that is not fixed.
    private func bodyOutputCount(nodeOutputs: Int) -> ClosedRange<Int> {
        switch self {
        case .conditional, .enclosure: nodeOutputs...Int.max
        case .loop(let loop): max(1 + loop.stateCount, nodeOutputs + 1)...Int.max
        case .scan(let scan): scan.stateCount + scan.outputs.count...scan.stateCount + scan.outputs.count
        default: 0...0
        }
    }

    /// Throws unless a node's operands and outputs fit the bodies.
    func checkBodies(operandCount: Int, outputCount: Int) throws(GraphError) {
        let own = ownOperands
        let captured = max(0, operandCount - own.operands)
        let outputs = bodyOutputCount(nodeOutputs: outputCount)
        for body in bodies {
            guard body.inputs.isEmpty else {
                throw GraphError("a body is fed by the node around it, and takes no inputs")
            }
            guard body.parameters.count == own.parameters + captured else {
                throw GraphError(
                    "its body '\(body.name)' takes \(body.parameters.count) values, and gets "
                        + "\(own.parameters + captured)")
            }
            guard outputs.contains(body.outputs.count) else {
                throw GraphError(
                    "its body '\(body.name)' makes \(body.outputs.count) values, and \(outputs.lowerBound) are needed")
            }
        }
        if case .scan(let scan) = self, outputCount > scan.stateCount + scan.outputs.count {
            throw GraphError("\(outputCount) outputs are used, and there are \(scan.stateCount + scan.outputs.count)")
        }
    }
}
