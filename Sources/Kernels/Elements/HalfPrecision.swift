internal import CKernels
internal import Tensors

/// Conversions between the 16-bit floating-point formats and float32.
enum HalfPrecision {
    /// - Parameters:
    ///   - source: [count] float16 or bfloat16
    ///   - destination: [count]
    static func widen(
        _ dtype: DType, _ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>, count: Int
    ) {
        if dtype == .bfloat16 {
            let source = source.assumingMemoryBound(to: UInt16.self)
            for index in 0..<count { destination[index] = float(bfloat16: source[index]) }
        } else {
            guard mpk_widen_float16(source.assumingMemoryBound(to: UInt16.self), destination, Int64(count)) == 0 else {
                return
            }
            let source = source.assumingMemoryBound(to: Float16.self)
            for index in 0..<count { destination[index] = Float(source[index]) }
        }
    }

    /// - Parameters:
    ///   - source: [count]
    ///   - destination: [count] float16 or bfloat16
    static func narrow(
        _ dtype: DType, _ source: UnsafePointer<Float>, _ destination: UnsafeMutableRawPointer, count: Int
    ) {
        if dtype == .bfloat16 {
            let destination = destination.assumingMemoryBound(to: UInt16.self)
            for index in 0..<count { destination[index] = bfloat16(source[index]) }
        } else {
            guard mpk_narrow_float16(source, destination.assumingMemoryBound(to: UInt16.self), Int64(count)) == 0 else {
                return
            }
            let destination = destination.assumingMemoryBound(to: Float16.self)
            for index in 0..<count { destination[index] = Float16(source[index]) }
        }
    }

    /// bfloat16 is the upper half of a float32.
    @inline(__always) static func float(bfloat16 bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

    /// Rounds half to even; NaN stays NaN.
    @inline(__always) static func bfloat16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }

    /// A float32 copy of a tensor in half precision.
    static func widened(_ tensor: Tensor) -> Tensor {
        let result = Tensor(uninitialized: .float32, shape: tensor.shape)
        widen(
            tensor.dtype, tensor.pointer, result.pointer.assumingMemoryBound(to: Float.self),
            count: tensor.elementCount)
        withExtendedLifetime(tensor) {}
        return result
    }
}
