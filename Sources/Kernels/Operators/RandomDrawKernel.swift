internal import Graphs
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Numbers from the counter of each element: its item, and its place in the item.
struct RandomDrawKernel<Element: NumericElement & BinaryFloatingPoint>: Kernel {
    let draw: RandomDraw
    let shape: Shape
    /// Of a multinomial draw.
    let classes: Int

    private var takesElements: Bool {
        switch draw.distribution {
        case .normal, .uniform: false
        case .bernoulli, .multinomial: true
        }
    }
    /// Only the type counts where no element is taken.
    var absorbedOperands: Set<Int> { takesElements ? [] : [0] }
    var scratchByteCount: Int { classes * MemoryLayout<Double>.stride }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let items = draw.isPerItem ? context.items : []
        guard items.isEmpty || shape.rank > 0 && shape[0] % items.count == 0 else {
            throw KernelError(
                "the first axis of \(shape) does not count the \(items.count) items of a microbatch, and each item has "
                    + "random numbers of its own: set schedule.microbatch to 1")
        }
        // Elements of an item lie together; without items all belong to item 0.
        let perItem = shape.elementCount / max(items.count, 1)
        guard perItem > 0 else { return }
        let generator = RandomGenerator(key: draw.key)
        switch draw.distribution {
        case .normal(let mean, let deviation):
            let result = operands.output(0, as: Element.self)
            fill(items, perItem, context, generator, normal: true) { index, number in
                result[index] = Element(Double(mean) + Double(deviation) * number)
            }
        case .uniform(let low, let high):
            let result = operands.output(0, as: Element.self)
            let (start, end) = (Element(low), Element(high))
            fill(items, perItem, context, generator, normal: false) { index, number in
                let value = Element(Double(low) + (Double(high) - Double(low)) * number)
                // Rounding may reach the end, which is no part of the range.
                result[index] = value >= end && end > start ? max(start, end.nextDown) : value
            }
        case .bernoulli:
            let probabilities = operands.input(0, as: Element.self)
            let result = operands.output(0, as: Bool.self)
            fill(items, perItem, context, generator, normal: false) { index, number in
                result[index] = number < Double(probabilities[index])
            }
        case .multinomial(let samples):
            sample(operands, items, perItem, samples, context, generator)
        }
    }

    /// Calls `body` with each element's place in the result and its number.
    @inline(__always)
    private func fill(
        _ items: [Int], _ perItem: Int, _ context: borrowing KernelContext, _ generator: RandomGenerator, normal: Bool,
        _ body: (Int, Double) -> Void
    ) {
        context.parallelRanges(shape.elementCount, cost: 64) { range in
            for index in range {
                let (own, place) = (index / perItem, index % perItem)
                let item = UInt64(items.isEmpty ? 0 : items[own])
                let pair = generator.uniforms(item: item, block: UInt64(place / 2))
                guard normal else {
                    body(index, place % 2 == 0 ? pair.0 : pair.1)
                    continue
                }
                // Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958: a pair from a pair. 1 less the
                // number is never 0.
                let radius = (-2 * log(1 - pair.0)).squareRoot()
                let angle = 2 * Double.pi * pair.1
                body(index, radius * (place % 2 == 0 ? cos(angle) : sin(angle)))
            }
        }
    }

    /// The class at which the running sum of the probabilities passes a uniform number.
    private func sample(
        _ operands: KernelOperands, _ items: [Int], _ perItem: Int, _ samples: Int, _ context: borrowing KernelContext,
        _ generator: RandomGenerator
    ) {
        let logits = operands.input(0, as: Element.self)  // [rows, classes]
        let result = operands.output(0, as: Int64.self)  // [rows, samples]
        let classes = classes
        context.parallel(shape[0]) { row, scratch in
            let sums = scratch.assumingMemoryBound(to: Double.self)
            var highest = -Double.infinity
            for index in 0..<classes { highest = max(highest, Double(logits[row * classes + index])) }
            var total = 0.0
            for index in 0..<classes {
                // An infinite logarithm would make a difference of two infinities.
                let logit = Double(logits[row * classes + index])
                total += logit == highest ? 1 : exp(logit - highest)
                sums[index] = total
            }
            for sample in 0..<samples {
                let index = row * samples + sample
                let (own, place) = (index / perItem, index % perItem)
                let item = UInt64(items.isEmpty ? 0 : items[own])
                let pair = generator.uniforms(item: item, block: UInt64(place / 2))
                let wanted = (place % 2 == 0 ? pair.0 : pair.1) * total
                var (low, high) = (0, classes - 1)
                while low < high {
                    let middle = (low + high) / 2
                    if sums[middle] > wanted { high = middle } else { low = middle + 1 }
                }
                result[index] = Int64(low)
            }
        }
    }
}

extension RandomDraw {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        struct Visitor: FloatingPointVisitor {
            let draw: RandomDraw
            let shape: Shape
            let classes: Int
            func visit<Element: NumericElement & BinaryFloatingPoint>(_: Element.Type) throws -> any Kernel {
                SpecializedKernel(RandomDrawKernel<Element>(draw: draw, shape: shape, classes: classes))
            }
        }
        let type: TensorType
        var classes = 0
        switch distribution {
        case .normal, .uniform: type = TensorType(dtype, [])
        case .bernoulli: type = request.inputTypes[0]!
        case .multinomial:
            type = request.inputTypes[0]!
            classes = type.shape[1]
        }
        return try type.dtype.acceptFloatingPoint(
            Visitor(draw: self, shape: request.outputTypes[0].shape, classes: classes), for: operatorName)
    }
}
