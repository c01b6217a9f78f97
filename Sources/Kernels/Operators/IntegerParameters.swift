internal import CKernels
internal import Graphs
internal import Tensors

/// Scales and zero points as kernels read them while they run.
enum IntegerParameters {
    /// A zero point operand widened to int32: as many as it has elements, or one 0 where it is left out.
    static func zeros(_ pointer: UnsafeRawPointer?, _ type: TensorType?) -> [Int32] {
        guard let pointer, let type else { return [0] }
        let count = type.shape.elementCount
        if type.dtype == .int8 {
            let values = pointer.assumingMemoryBound(to: Int8.self)
            return (0..<count).map { Int32(values[$0]) }
        }
        let values = pointer.assumingMemoryBound(to: UInt8.self)
        return (0..<count).map { Int32(values[$0]) }
    }

    /// left * right / result for each of `count` rows, columns or channels; one where both are one for all.
    static func factors(_ left: [Float], _ right: [Float], _ result: Float) -> [Float] {
        (0..<max(left.count, right.count)).map { index in
            left[left.count == 1 ? 0 : index] * right[right.count == 1 ? 0 : index] / result
        }
    }

    /// Scales of float32 or float64.
    static func scales(_ pointer: UnsafeRawPointer, _ type: TensorType) -> [Float] {
        let count = type.shape.elementCount
        if type.dtype == .float64 {
            let values = pointer.assumingMemoryBound(to: Double.self)
            return (0..<count).map { Float(values[$0]) }
        }
        let values = pointer.assumingMemoryBound(to: Float.self)
        return (0..<count).map { values[$0] }
    }
}
