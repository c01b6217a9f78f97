/// Finds x / 2 * (1 + erf(x / sqrt(2))), and the form of it with a hyperbolic tangent, in any order of its factors.
public enum GeluRecognition {
    /// The graph with one node for each, and how many were found.
    public static func apply(_ graph: Graph) -> (graph: Graph, count: Int) {
        var result = graph
        var count = 0
        let matcher = Matcher(graph: PatternGraph(graph))
        for index in graph.nodes.indices {
            guard let (unary, input) = matcher.gelu(endingAt: index) else { continue }
            result.nodes[index].operation = .unary(unary)
            result.nodes[index].inputs = [input]
            count += 1
        }
        return (result, count)
    }

    /// A product taken apart: a number, and the factors that are none.
    private struct Product {
        var number: Float = 1
        var factors: [ValueID] = []
        /// Intermediate values.
        var values: [ValueID] = []
    }

    private struct Matcher {
        let graph: PatternGraph

        func gelu(endingAt index: Int) -> (Unary, ValueID)? {
            let node = graph.graph.nodes[index]
            guard case .binary(let binary) = node.operation,
                binary.function == .multiply || binary.function == .divide, node.outputs.count == 1,
                let output = node.outputs[0]
            else { return nil }
            let product = product(output)
            guard product.factors.count == 2 else { return nil }
            for (x, gate) in [(product.factors[0], product.factors[1]), (product.factors[1], product.factors[0])] {
                if let match = self.gelu(x, gate: gate, product, last: index) { return match }
            }
            return nil
        }

        /// number * x * gate, where the gate is a sum of a function of x and a number.
        private func gelu(_ x: ValueID, gate: ValueID, _ product: Product, last: Int) -> (Unary, ValueID)? {
            for (one, curve) in graph.orders(of: gate, .add) {
                guard let shift = graph.number(one) else { continue }
                let scaled = self.product(curve)
                guard scaled.factors.count == 1, isClose(scaled.number, shift), isClose(product.number * shift, 0.5)
                else { continue }
                let inner = scaled.factors[0]
                var values = product.values + scaled.values + [gate, inner]
                values.removeAll { $0 == graph.graph.nodes[last].outputs[0] }
                if let argument = graph.operand(of: inner, .errorFunction), let more = isScaled(argument, x, 0.70710678)
                {
                    guard graph.areClosed(values + more, last: last) else { return nil }
                    return (Unary(.gelu), x)
                }
                if let argument = graph.operand(of: inner, .tanh), let more = isCubic(argument, x) {
                    guard graph.areClosed(values + more, last: last) else { return nil }
                    return (Unary(.geluTanh), x)
                }
            }
            return nil
        }

        /// The intermediate values from x to `value` where that is number * x; nil where it is not.
        private func isScaled(_ value: ValueID, _ x: ValueID, _ number: Float) -> [ValueID]? {
            let product = product(value)
            return product.factors == [x] && isClose(product.number, number) ? product.values : nil
        }

        /// The intermediate values where `value` is sqrt(2 / pi) * (x + 0.044715 * x^3).
        private func isCubic(_ value: ValueID, _ x: ValueID) -> [ValueID]? {
            let product = product(value)
            guard isClose(product.number, 0.7978845608) else { return nil }
            if product.factors.count == 1 {
                for (linear, cubic) in graph.orders(of: product.factors[0], .add) where linear == x {
                    if let more = isPower(cubic, x, 3) { return product.values + more + [product.factors[0]] }
                }
            } else if product.factors.count == 2, let index = product.factors.firstIndex(of: x) {
                let sum = product.factors[1 - index]
                for (one, square) in graph.orders(of: sum, .add) where graph.isNumber(one, 1) {
                    if let more = isPower(square, x, 2) { return product.values + more + [sum] }
                }
            }
            return nil
        }

        /// The intermediate values where `value` is 0.044715 * x^exponent.
        private func isPower(_ value: ValueID, _ x: ValueID, _ exponent: Float) -> [ValueID]? {
            let product = product(value)
            guard isClose(product.number, 0.044715) else { return nil }
            var total: Float = 0
            var values = product.values
            for factor in product.factors {
                if factor == x {
                    total += 1
                } else if let (base, power) = graph.operands(of: factor, .power), base == x,
                    let power = graph.number(power)
                {
                    total += power
                    values.append(factor)
                } else {
                    return nil
                }
            }
            return total == exponent ? values : nil
        }

        /// Takes apart products and quotients by numbers. x times x stays two factors; what is used elsewhere too, as x
        /// is, stays whole.
        private func product(_ value: ValueID, depth: Int = 0) -> Product {
            if depth == 0 || (depth < 8 && graph.isPrivate(value)) {
                if let (left, right) = graph.operands(of: value, .multiply) {
                    if let number = graph.number(left) {
                        return scaled(product(right, depth: depth + 1), number, value)
                    }
                    if let number = graph.number(right) {
                        return scaled(product(left, depth: depth + 1), number, value)
                    }
                    let (a, b) = (product(left, depth: depth + 1), product(right, depth: depth + 1))
                    return Product(
                        number: a.number * b.number, factors: a.factors + b.factors,
                        values: a.values + b.values + [value])
                }
                if let (left, right) = graph.operands(of: value, .divide), let number = graph.number(right) {
                    return scaled(product(left, depth: depth + 1), 1 / number, value)
                }
            }
            return Product(factors: [value])
        }

        private func scaled(_ product: Product, _ number: Float, _ value: ValueID) -> Product {
            Product(number: product.number * number, factors: product.factors, values: product.values + [value])
        }

        private func isClose(_ number: Float, _ wanted: Float) -> Bool { abs(number - wanted) <= 1e-4 * abs(wanted) }
    }
}
