internal import Tensors

/// Finds activations that a model spells out in several nodes, such as x * sigmoid(x).
public enum ActivationRecognition {
    /// The graph with one node for each, and how many were found.
    public static func apply(_ graph: Graph) -> (graph: Graph, count: Int) {
        var result = graph
        let matcher = Matcher(graph)
        var count = 0
        for index in graph.nodes.indices {
            guard let (activation, input) = matcher.activation(endingAt: graph.nodes[index]) else { continue }
            result.nodes[index].operation = .unary(activation)
            result.nodes[index].inputs = [input]
            count += 1
        }
        // What came before is left to dead code removal: its values may be used elsewhere.
        return (result, count)
    }

    private struct Matcher {
        let graph: Graph
        let producers: [NodeID?]

        init(_ graph: Graph) {
            self.graph = graph
            producers = graph.producers()
        }

        func activation(endingAt node: Node) -> (Unary, ValueID)? {
            guard case .binary(let binary) = node.operation, node.inputs.count == 2, let left = node.inputs[0],
                let right = node.inputs[1]
            else { return nil }
            switch binary.function {
            case .multiply: return gated(left, right) ?? gated(right, left)
            case .divide:
                // (x * clip(x + 3, 0, 6)) / 6, or without the product.
                guard scalar(right) == 6 else { return nil }
                if let input = shiftedClip(left) { return (Unary(.hardSigmoid, alpha: 1 / 6, beta: 0.5), input) }
                guard let (a, b) = operands(of: left, .multiply) else { return nil }
                for (x, gate) in [(a, b), (b, a)] where shiftedClip(gate) == x { return (Unary(.hardSwish), x) }
                return nil
            default: return nil
            }
        }

        /// x * gate(x).
        private func gated(_ x: ValueID, _ gate: ValueID) -> (Unary, ValueID)? {
            if let (unary, input) = unary(gate), input == x {
                switch unary.function {
                case .sigmoid: return (Unary(.silu), x)
                case .hardSigmoid where isSixth(unary.alpha) && unary.beta == 0.5: return (Unary(.hardSwish), x)
                default: break
                }
            }
            // x * sigmoid(slope * x), which approximates GELU with a slope of 1.702.
            if let (unary, inner) = unary(gate), unary.function == .sigmoid,
                let (a, b) = operands(of: inner, .multiply)
            {
                for (scaled, slope) in [(a, b), (b, a)] where scaled == x {
                    if let slope = scalar(slope), slope != 0 { return (Unary(.silu, alpha: slope), x) }
                }
            }
            if let (unary, inner) = unary(gate), unary.function == .tanh, let (soft, input) = self.unary(inner),
                soft.function == .softplus, input == x
            {
                return (Unary(.mish), x)
            }
            if let (a, b) = operands(of: gate, .divide), scalar(b) == 6, shiftedClip(a) == x {
                return (Unary(.hardSwish), x)
            }
            return nil
        }

        private func isSixth(_ number: Float) -> Bool { abs(number - 1 / 6) < 1e-6 }

        /// The x of clip(x + 3, 0, 6).
        private func shiftedClip(_ value: ValueID) -> ValueID? {
            guard let (clip, inner) = unary(value), clip == Unary(.clip, alpha: 0, beta: 6),
                let (a, b) = operands(of: inner, .add)
            else { return nil }
            return scalar(b) == 3 ? a : scalar(a) == 3 ? b : nil
        }

        private func unary(_ value: ValueID) -> (Unary, ValueID)? {
            guard let node = producers[value.index].map({ graph.nodes[$0.index] }),
                case .unary(let unary) = node.operation, node.inputs.count == 1, let input = node.inputs[0]
            else { return nil }
            return (unary, input)
        }

        private func operands(of value: ValueID, _ function: BinaryFunction) -> (ValueID, ValueID)? {
            guard let node = producers[value.index].map({ graph.nodes[$0.index] }),
                case .binary(let binary) = node.operation, binary.function == function, node.inputs.count == 2,
                let left = node.inputs[0], let right = node.inputs[1]
            else { return nil }
            return (left, right)
        }

        /// The number that a constant of one float32 holds. More axes than a scalar's would change the result's rank.
        private func scalar(_ value: ValueID) -> Float? {
            guard let tensor = graph.constants[value]?.tensor, tensor.dtype == .float32, tensor.elementCount == 1,
                tensor.shape.rank <= 1
            else { return nil }
            return tensor.elements(of: Float.self)[0]
        }
    }
}
