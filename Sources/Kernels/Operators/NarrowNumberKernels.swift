internal import Graphs
internal import Tensors

/// Numbers out of packed bytes, by a table of the value of each bit pattern.
struct NarrowUnpackingKernel<Element: NumericElement>: Kernel {
    let count: Int
    let bits: Int
    /// [1 << bits]
    let numbers: [Element]

    init(_ format: NarrowFormat, count: Int) {
        self.count = count
        bits = format.bits
        numbers = (0..<1 << format.bits).map { Element(converting: Double(format.number(UInt8($0)))) }
    }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let packed = operands.input(0, as: UInt8.self)
        let result = operands.output(0, as: Element.self)
        let (bits, perByte, mask) = (bits, 8 / bits, 1 << bits - 1)
        numbers.withUnsafeBufferPointer { numbers in
            context.parallelRanges(count, cost: 3) { range in
                for index in range {
                    let code = Int(packed[index / perByte]) >> (index % perByte * bits) & mask
                    result[index] = numbers[code]
                }
            }
        }
    }
}

/// The nearest numbers of a format, one by one.
struct NarrowRoundingKernel<Element: NumericElement>: Kernel {
    let rounding: NarrowRounding
    let count: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Element.self)
        let result = operands.output(0, as: Element.self)
        let rounding = rounding
        context.parallelRanges(count, cost: 12) { range in
            for index in range {
                let number = rounding.format.rounded(Float(source[index].double), saturates: rounding.saturates)
                result[index] = Element(converting: Double(number))
            }
        }
    }
}

extension NarrowUnpacking {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let count = shape.elementCount
        switch format.held {
        case .int8: return NarrowUnpackingKernel<Int8>(format, count: count)
        case .uint8: return NarrowUnpackingKernel<UInt8>(format, count: count)
        default: return NarrowUnpackingKernel<Float>(format, count: count)
        }
    }
}

extension NarrowRounding {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let count = request.outputTypes[0].shape.elementCount
        switch format.held {
        case .int8: return NarrowRoundingKernel<Int8>(rounding: self, count: count)
        case .uint8: return NarrowRoundingKernel<UInt8>(rounding: self, count: count)
        default: return NarrowRoundingKernel<Float>(rounding: self, count: count)
        }
    }
}
