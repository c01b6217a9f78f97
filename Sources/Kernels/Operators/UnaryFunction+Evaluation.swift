internal import Graphs

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension Unary {
    /// The function in float64, as the ONNX operator defines it. nil for functions of bits and truth values.
    func evaluation() -> (@Sendable (Double) -> Double)? {
        let alpha = Double(alpha)
        let beta = Double(beta)
        switch function {
        case .relu: return { $0 < 0 ? 0 : $0 }
        case .leakyRelu: return { $0 < 0 ? alpha * $0 : $0 }
        case .clip: return { $0.isNaN ? $0 : Swift.min(Swift.max($0, alpha), beta) }
        case .sigmoid: return { 1 / (1 + exp(-$0)) }
        case .hardSigmoid: return { Swift.max(0, Swift.min(1, alpha * $0 + beta)) }
        case .tanh: return { tanh($0) }
        case .elu: return { $0 < 0 ? alpha * expm1($0) : $0 }
        case .selu: return { beta * ($0 < 0 ? alpha * expm1($0) : $0) }
        case .celu: return { $0 < 0 ? alpha * expm1($0 / alpha) : $0 }
        case .softplus: return { softplus($0) }
        case .softsign: return { $0 / (1 + abs($0)) }
        case .silu:
            let slope = alpha == 0 ? 1 : alpha
            return { $0 / (1 + exp(-slope * $0)) }
        case .hardSwish: return { $0 * Swift.max(0, Swift.min(1, $0 / 6 + 0.5)) }
        case .gelu: return { $0 / 2 * (1 + erf($0 / 2.0.squareRoot())) }
        case .geluTanh:
            return { $0 / 2 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
        case .mish: return { $0 * tanh(softplus($0)) }
        case .thresholdedRelu: return { $0 > alpha ? $0 : 0 }
        case .shrink: return { $0 < -alpha ? $0 + beta : $0 > alpha ? $0 - beta : 0 }
        case .exponential: return { exp($0) }
        case .logarithm: return { log($0) }
        case .squareRoot: return { $0.squareRoot() }
        case .reciprocal: return { 1 / $0 }
        case .negative: return { -$0 }
        case .absolute: return { abs($0) }
        case .sign: return { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
        case .errorFunction: return { erf($0) }
        case .floor: return { $0.rounded(.down) }
        case .ceiling: return { $0.rounded(.up) }
        case .round: return { $0.rounded(.toNearestOrEven) }
        case .sine: return { sin($0) }
        case .cosine: return { cos($0) }
        case .tangent: return { tan($0) }
        case .arcSine: return { asin($0) }
        case .arcCosine: return { acos($0) }
        case .arcTangent: return { atan($0) }
        case .hyperbolicSine: return { sinh($0) }
        case .hyperbolicCosine: return { cosh($0) }
        case .arcHyperbolicSine: return { asinh($0) }
        case .arcHyperbolicCosine: return { acosh($0) }
        case .arcHyperbolicTangent: return { atanh($0) }
        case .logicalNot, .bitwiseNot, .isNaN, .isInfinite: return nil
        }
    }
}

/// log(1 + exp(x)) without overflow.
private func softplus(_ x: Double) -> Double { Swift.max(x, 0) + log1p(exp(-abs(x))) }
