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
        let (features, targets, aggregate) = (features, ensemble.targetCount, ensemble.aggregate)
        ensemble.withUnsafeTables { nodes, roots, weights in
            context.parallel(rows) { row, scratch in
                let numbers = result + row * targets
                let isGiven = scratch.assumingMemoryBound(to: Bool.self)
                numbers.update(repeating: 0, count: targets)
                isGiven.update(repeating: false, count: targets)
                for root in roots {
                    var node = nodes[root]
                    while node.rule != .leaf {
                        node =
                            nodes[Self.isTrue(source[row * features + node.feature], node) ? node.ifTrue : node.ifFalse]
                    }
                    for place in node.ifTrue..<node.ifFalse {
                        let weight = weights[place]
                        let number = numbers + weight.target
                        switch aggregate {
                        case .sum, .average: number.pointee += weight.value
                        case .minimum where isGiven[weight.target]: number.pointee = min(number.pointee, weight.value)
                        case .maximum where isGiven[weight.target]: number.pointee = max(number.pointee, weight.value)
                        case .minimum, .maximum: number.pointee = weight.value
                        }
                        isGiven[weight.target] = true
                    }
                }
                guard aggregate == .average else { return }
                for target in 0..<targets { numbers[target] /= Float(roots.count) }
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
    /// The tables of all trees, for loops that count no references.
    fileprivate func withUnsafeTables(
        _ body: (
            _ nodes: UnsafeBufferPointer<Node>, _ roots: UnsafeBufferPointer<Int>,
            _ weights: UnsafeBufferPointer<Weight>
        ) -> Void
    ) {
        nodes.withUnsafeBufferPointer { nodes in
            roots.withUnsafeBufferPointer { roots in weights.withUnsafeBufferPointer { body(nodes, roots, $0) } }
        }
    }

    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let shape = request.inputTypes[0]!.shape
        return TreeEnsembleKernel(ensemble: self, rows: shape[0], features: shape[1])
    }
}
