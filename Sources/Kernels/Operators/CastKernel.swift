internal import Graphs
internal import Tensors

/// The same numbers in another dtype, as NumPy converts them: floats truncate towards zero into integers, integers
/// keep their low bits, everything but 0 is true. Where NumPy leaves the result open (NaN, infinity or numbers out of
/// range into integers) they saturate, and NaN becomes 0.
enum CastKernel {
    static func make(_ cast: Cast, _ request: KernelRequest) throws -> any Kernel {
        let source = request.inputTypes[0]!
        let count = source.shape.elementCount
        if source.dtype == cast.target { return CopyKernel(byteCount: source.byteCount) }
        if source.dtype.isHalfPrecision {
            return HalfSourceCastKernel(source: source.dtype, target: cast.target, count: count)
        }
        if cast.target.isHalfPrecision {
            return try source.dtype.accept(ToHalf(target: cast.target, count: count))
        }
        if cast.target == .bool { return try source.dtype.accept(ToBool(count: count)) }
        return try source.dtype.accept(From(target: cast.target, count: count))
    }

    private struct From: ElementVisitor {
        let target: DType
        let count: Int
        func visit<Source: NumericElement>(_: Source.Type) throws -> any Kernel {
            try target.accept(To<Source>(count: count))
        }
    }

    private struct To<Source: NumericElement>: ElementVisitor {
        let count: Int
        func visit<Target: NumericElement>(_: Target.Type) throws -> any Kernel {
            SpecializedKernel.make(NumberCastKernel<Source, Target>(count: count), for: Target.self)
        }
    }

    private struct ToBool: ElementVisitor {
        let count: Int
        func visit<Source: NumericElement>(_: Source.Type) throws -> any Kernel {
            MappingKernel<Source, UInt8>(count: count, cost: 1) { $0 == .zero ? 0 : 1 }
        }
    }

    private struct ToHalf: ElementVisitor {
        let target: DType
        let count: Int
        func visit<Source: NumericElement>(_: Source.Type) throws -> any Kernel {
            target == .bfloat16
                ? MappingKernel<Source, UInt16>(count: count, cost: 4) { HalfPrecision.bfloat16(Float($0.double)) }
                : MappingKernel<Source, Float16>(count: count, cost: 4) { Float16($0.double) }
        }
    }
}

/// Between numbers that kernels compute with.
struct NumberCastKernel<Source: NumericElement, Target: NumericElement>: Kernel {
    let count: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = operands.input(0, as: Source.self)  // [count]
        let result = operands.output(0, as: Target.self)  // [count]
        context.parallelRanges(count, cost: 2) { range in
            for index in range { result[index] = Target(casting: source[index]) }
        }
    }
}

/// From float16 or bfloat16, through float32, which holds both exactly.
struct HalfSourceCastKernel: Kernel {
    let source: DType
    let target: DType
    let count: Int

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) {
        let source = source
        let target = target
        let input = operands.inputs[0]!
        let output = operands.outputs[0]!
        context.parallelRanges(count, cost: 4) { range in
            func convert<Target>(_: Target.Type, _ convert: (Float) -> Target) {
                let result = output.assumingMemoryBound(to: Target.self)
                if source == .bfloat16 {
                    let values = input.assumingMemoryBound(to: UInt16.self)
                    for index in range { result[index] = convert(HalfPrecision.float(bfloat16: values[index])) }
                } else {
                    let values = input.assumingMemoryBound(to: Float16.self)
                    for index in range { result[index] = convert(Float(values[index])) }
                }
            }
            switch target {
            case .float32: convert(Float.self) { $0 }
            case .float64: convert(Double.self) { Double($0) }
            case .float16: convert(Float16.self) { Float16($0) }
            case .bfloat16: convert(UInt16.self) { HalfPrecision.bfloat16($0) }
            case .bool: convert(UInt8.self) { $0 == 0 ? 0 : 1 }
            case .int8: convert(Int8.self) { Int8(converting: Double($0)) }
            case .int16: convert(Int16.self) { Int16(converting: Double($0)) }
            case .int32: convert(Int32.self) { Int32(converting: Double($0)) }
            case .int64: convert(Int64.self) { Int64(converting: Double($0)) }
            case .uint8: convert(UInt8.self) { UInt8(converting: Double($0)) }
            case .uint16: convert(UInt16.self) { UInt16(converting: Double($0)) }
            case .uint32: convert(UInt32.self) { UInt32(converting: Double($0)) }
            case .uint64: convert(UInt64.self) { UInt64(converting: Double($0)) }
            }
        }
    }
}
