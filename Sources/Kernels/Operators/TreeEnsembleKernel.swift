internal import Graphs
internal import Tensors

/// One row after another through all trees, in their order, so that sums have the same bits on any number of threads.
struct TreeEnsembleKernel: Kernel {
    let ensemble: TreeEnsemble
    let rows: Int
    let features: Int

    /// Whether a target has a weight yet.
    var scratchByteCount: Int { ensemble.targetCount }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Float.self)  // [rows, features]
        let result = operands.output(0, as: Float.self)  // [rows, targets]
        let (features, targets) = (features, ensemble.targetCount)
        ensemble.nodes.withUnsafeBufferPointer { nodes in
            context.parallel(rows) { row, scratch in
                let numbers = result + row * targets
                let isGiven = scratch.assumingMemoryBound(to: Bool.self)
                numbers.update(repeating: 0, count: targets)
                isGiven.update(repeating: false, count: targets)
                for root in ensemble.roots {
                    var node = nodes[root]
                    while node.rule != .leaf {
                        node =
                            nodes[Self.isTrue(source[row * features + node.feature], node) ? node.ifTrue : node.ifFalse]
                    }
                    for weight in ensemble.weights[node.ifTrue..<node.ifFalse] {
                        let number = numbers + weight.target
                        switch ensemble.aggregate {
                        case .sum, .average: number.pointee += weight.value
                        case .minimum where isGiven[weight.target]: number.pointee = min(number.pointee, weight.value)
                        case .maximum where isGiven[weight.target]: number.pointee = max(number.pointee, weight.value)
                        case .minimum, .maximum: number.pointee = weight.value
                        }
                        isGiven[weight.target] = true
                    }
                }
                guard ensemble.aggregate == .average else { return }
                for target in 0..<targets { numbers[target] /= Float(ensemble.roots.count) }
            }
        }
    }

    @inline(__always)
    private static func isTrue(_ feature: Float, _ node: TreeEnsemble.Node) -> Bool {
        let isTrue =
            switch node.rule {
            case .leaf: false
            case .lessOrEqual: feature <= node.value
            case .less: feature < node.value
            case .greaterOrEqual: feature >= node.value
            case .greater: feature > node.value
            case .equal: feature == node.value
            case .notEqual: feature != node.value
            }
        return isTrue || node.takesMissing && feature.isNaN
    }
}

extension TreeEnsemble {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let shape = request.inputTypes[0]!.shape
        return TreeEnsembleKernel(ensemble: self, rows: shape[0], features: shape[1])
    }
}
