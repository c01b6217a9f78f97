internal import Tensors

/// Finds layer norms that a model spells out: (x - mean) / sqrt(variance + epsilon) * scale + bias over the last axis,
/// and the same without the mean (RMS norm).
public enum LayerNormalizationRecognition {
    /// The graph with one node for each, and how many were found.
    public static func apply(_ graph: Graph) -> (graph: Graph, count: Int) {
        var result = graph
        var count = 0
        let matcher = Matcher(graph: PatternGraph(graph), ranks: KnownRanks(graph))
        // From the end, so that a norm takes its bias in before it is found without.
        var isTaken = [Bool](repeating: false, count: graph.nodes.count)
        for index in graph.nodes.indices.reversed() where !isTaken[index] {
            guard let match = matcher.norm(endingAt: index) else { continue }
            result.nodes[index].operation = .layerNormalization(match.attributes)
            result.nodes[index].inputs = [match.input, match.scale] + (match.bias.map { [$0] } ?? [])
            for value in match.values { if let place = matcher.graph.place(making: value) { isTaken[place] = true } }
            count += 1
        }
        return (result, count)
    }

    private struct Match {
        var attributes: LayerNormalization
        var input: ValueID
        var scale: ValueID
        var bias: ValueID?
        /// Intermediate values.
        var values: [ValueID]
    }

    /// x, or x - mean, over its own deviation.
    private struct Normalized {
        var input: ValueID
        var epsilon: Float
        var subtractsMean: Bool
        var values: [ValueID]
    }

    private struct Matcher {
        let graph: PatternGraph
        let ranks: KnownRanks

        func norm(endingAt index: Int) -> Match? {
            guard graph.graph.nodes[index].outputs.count == 1, let output = graph.graph.nodes[index].outputs[0],
                let match = biased(output) ?? scaled(output) ?? folded(output)
            else { return nil }
            return graph.areClosed(match.values.filter { $0 != output }, last: index) ? match : nil
        }

        /// normalized * scale + bias.
        private func biased(_ value: ValueID) -> Match? {
            for (product, bias) in graph.orders(of: value, .add) where isRow(bias) {
                guard var match = scaled(product), match.attributes.subtractsMean else { continue }
                match.bias = bias
                match.values.append(value)
                return match
            }
            return nil
        }

        private func scaled(_ value: ValueID) -> Match? {
            for (normal, scale) in graph.orders(of: value, .multiply) where isRow(scale) {
                // A cast to the type that is there already may come in between; it is no part of the pattern.
                guard let normalized = normalized(normal) else { continue }
                return Match(
                    attributes: LayerNormalization(
                        axis: -1, epsilon: normalized.epsilon, subtractsMean: normalized.subtractsMean),
                    input: normalized.input, scale: scale, bias: nil, values: normalized.values + [value])
            }
            return nil
        }

        /// x * a + (bias - mean * a) with a = scale / deviation, as TensorFlow writes it.
        private func folded(_ value: ValueID) -> Match? {
            for (product, shift) in graph.orders(of: value, .add) {
                guard let (bias, moved) = graph.operands(of: shift, .subtract), isRow(bias) else { continue }
                for (x, factor) in graph.orders(of: product, .multiply) {
                    for (mean, same) in graph.orders(of: moved, .multiply) where same == factor {
                        guard graph.reduced(mean, .mean, ranks: ranks) == x else { continue }
                        for (inverse, scale) in graph.orders(of: factor, .multiply) where isRow(scale) {
                            guard let deviation = graph.operand(of: inverse, .reciprocal),
                                let (squares, epsilon, made) = deviationParts(deviation),
                                let (centred, more) = squareRoot(of: squares), let own = meanSubtracted(centred, x)
                            else { continue }
                            let values =
                                made + more + own
                                + [value, product, shift, moved, mean, factor, inverse, deviation, squares]
                            return Match(
                                attributes: LayerNormalization(axis: -1, epsilon: epsilon), input: x, scale: scale,
                                bias: bias, values: values)
                        }
                    }
                }
            }
            return nil
        }

        private func normalized(_ value: ValueID) -> Normalized? {
            if let (numerator, deviation) = graph.operands(of: value, .divide),
                let match = normalized(numerator, deviation)
            {
                return with(match, value)
            }
            for (numerator, inverse) in graph.orders(of: value, .multiply) {
                var deviation = graph.operand(of: inverse, .reciprocal)
                if deviation == nil, let (one, below) = graph.operands(of: inverse, .divide), graph.isNumber(one, 1) {
                    deviation = below
                }
                // 1 / sqrt(x) as a power.
                if deviation == nil, let (base, power) = graph.operands(of: inverse, .power),
                    graph.isNumber(power, -0.5), let match = normalized(numerator, base, isVariance: true)
                {
                    return with(match, value, inverse)
                }
                if let deviation, let match = normalized(numerator, deviation) { return with(match, value, inverse) }
            }
            return nil
        }

        private func with(_ match: Normalized, _ values: ValueID...) -> Normalized {
            var match = match
            match.values += values
            return match
        }

        /// - Parameter isVariance: whether the root of `deviation` is still to be taken.
        private func normalized(
            _ numerator: ValueID, _ deviation: ValueID, isVariance: Bool = false
        ) -> Normalized? {
            guard let (mean, epsilon, made) = isVariance ? varianceParts(deviation) : deviationParts(deviation),
                let (base, more) = squareRoot(of: mean)
            else { return nil }
            let values = made + more + [deviation, mean]
            // x - mean(x), or x itself.
            if let (x, _) = graph.operands(of: numerator, .subtract), let own = meanSubtracted(numerator, x) {
                let other = base == numerator ? [] : meanSubtracted(base, x)
                guard let other else { return nil }
                return Normalized(
                    input: x, epsilon: epsilon, subtractsMean: true, values: values + own + other)
            }
            guard base == numerator else { return nil }
            return Normalized(input: numerator, epsilon: epsilon, subtractsMean: false, values: values)
        }

        /// The mean of squares and epsilon of sqrt(mean + epsilon).
        private func deviationParts(_ value: ValueID) -> (mean: ValueID, epsilon: Float, values: [ValueID])? {
            if let variance = graph.operand(of: value, .squareRoot) { return varianceParts(variance) }
            if let (variance, power) = graph.operands(of: value, .power), graph.isNumber(power, 0.5) {
                return varianceParts(variance)
            }
            return nil
        }

        private func varianceParts(_ variance: ValueID) -> (mean: ValueID, epsilon: Float, values: [ValueID])? {
            for (mean, epsilon) in graph.orders(of: variance, .add) {
                if let epsilon = graph.number(epsilon), epsilon >= 0 { return (mean, epsilon, [variance]) }
            }
            return nil
        }

        /// What is squared in the mean of squares over the last axis.
        private func squareRoot(of mean: ValueID) -> (base: ValueID, values: [ValueID])? {
            guard let square = graph.reduced(mean, .mean, ranks: ranks) else { return nil }
            if let (base, power) = graph.operands(of: square, .power), graph.isNumber(power, 2) {
                return (base, [square])
            }
            if let (left, right) = graph.operands(of: square, .multiply), left == right { return (left, [square]) }
            return nil
        }

        /// The intermediate values where `value` is x - mean(x).
        private func meanSubtracted(_ value: ValueID, _ x: ValueID) -> [ValueID]? {
            guard let (left, mean) = graph.operands(of: value, .subtract), left == x,
                graph.reduced(mean, .mean, ranks: ranks) == x
            else { return nil }
            return [value, mean]
        }

        /// A constant with one element for each column.
        private func isRow(_ value: ValueID) -> Bool {
            guard let type = graph.constantType(value) else { return false }
            return type.dtype.isFloatingPoint && type.shape.rank == 1 && type.shape[0] > 1
        }
    }
}
