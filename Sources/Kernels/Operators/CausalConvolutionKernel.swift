internal import Graphs
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// One channel of one item after another.
struct CausalConvolutionKernel: Kernel {
    let channels: Int
    let length: Int
    let taps: Int
    let rows: Int  // batch * channels
    let appliesSilu: Bool

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Float.self)  // [rows, length]
        let kernels = operands.input(1, as: Float.self)  // [channels, taps]
        let bias = operands.optionalInput(2, as: Float.self)  // [channels]
        let past = operands.optionalInput(3, as: Float.self)  // [rows, taps - 1]
        let result = operands.optionalOutput(0, as: Float.self)  // [rows, length]
        let state = operands.optionalOutput(1, as: Float.self)  // [rows, taps - 1]
        let (channels, length, taps, before, appliesSilu) = (channels, length, taps, taps - 1, appliesSilu)
        context.parallelRanges(rows, cost: length * taps * 2) { range in
            for row in range {
                let own = source + row * length
                let earlier = past.map { $0 + row * before }
                let kernel = kernels + row % channels * taps
                if let result {
                    for position in 0..<length {
                        var sum: Float = 0
                        for tap in 0..<taps {
                            let place = position + tap - before
                            let value = place >= 0 ? own[place] : earlier?[place + before] ?? 0
                            sum += value * kernel[tap]
                        }
                        if let bias { sum += bias[row % channels] }
                        result[row * length + position] = appliesSilu ? sum / (1 + exp(-sum)) : sum
                    }
                }
                guard let state else { continue }
                for index in 0..<before {
                    let place = length + index - before
                    state[row * before + index] = place >= 0 ? own[place] : earlier?[place + before] ?? 0
                }
            }
        }
    }
}

extension CausalConvolution {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let (shape, kernels) = (request.inputTypes[0]!.shape, request.inputTypes[1]!.shape)
        return CausalConvolutionKernel(
            channels: shape[1], length: shape[2], taps: kernels[2], rows: shape[0] * shape[1],
            appliesSilu: appliesSilu)
    }
}
