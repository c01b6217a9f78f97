internal import Graphs
internal import Tensors

/// Elements looked up in a table; of two equal keys the first counts.
struct ValueLookupKernel<Key: NumericElement, Value: NumericElement>: Kernel {
    let count: Int
    /// Numbers of values by the bits of keys.
    let places: [UInt64: Int]
    let values: [Value]
    let bits: @Sendable (Key) -> UInt64

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Key.self)
        let result = operands.output(0, as: Value.self)
        context.parallelRanges(count, cost: 40) { range in
            for index in range { result[index] = values[places[bits(source[index])] ?? values.count - 1] }
        }
    }
}

extension ValueLookup {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let count = request.outputTypes[0].shape.elementCount
        switch keys {
        case .integers(let keys):
            return kernel(count, keys) { UInt64(bitPattern: $0) }
        case .floats(let keys):
            return kernel(count, keys) { number in
                // Both zeros are equal, and so is every NaN here.
                number == 0 ? 0 : number.isNaN ? UInt64(Float.nan.bitPattern) : UInt64(number.bitPattern)
            }
        }
    }

    private func kernel<Key: NumericElement>(
        _ count: Int, _ keys: [Key], _ bits: @escaping @Sendable (Key) -> UInt64
    ) -> any Kernel {
        let places = Dictionary(keys.enumerated().map { (bits($1), $0) }) { first, _ in first }
        switch values {
        case .integers(let values):
            return ValueLookupKernel<Key, Int64>(count: count, places: places, values: values, bits: bits)
        case .floats(let values):
            return ValueLookupKernel<Key, Float>(count: count, places: places, values: values, bits: bits)
        }
    }
}
