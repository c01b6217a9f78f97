internal import Graphs
internal import Tensors

/// The scales and zero points of a product of 8-bit numbers, left times right, as kernels read them while they run.
struct IntegerParameters: Sendable {
    /// Which operands hold what; nil where the operator has no such operand. The left one is operand 0.
    struct Places: Sendable {
        let right: Int
        let leftZero: Int
        let rightZero: Int
        var leftScale: Int?
        var rightScale: Int?
        var resultScale: Int?
        var resultZero: Int?

        /// Of operators whose results are int32.
        static let exact = Places(right: 1, leftZero: 2, rightZero: 3)
        /// Of operators that round back to 8 bits.
        static let rounded = Places(
            right: 3, leftZero: 2, rightZero: 5, leftScale: 1, rightScale: 4, resultScale: 6, resultZero: 7)
    }

    let places: Places
    let inputTypes: [TensorType?]

    private func type(_ index: Int) -> TensorType? { index < inputTypes.count ? inputTypes[index] : nil }

    private func zeros(_ operands: KernelOperands, _ index: Int) -> [Int32] {
        let pointer = operands.optionalInput(index, as: UInt8.self)
        return IntegerParameters.zeros(pointer.map { UnsafeRawPointer($0) }, type(index))
    }

    private func scales(_ operands: KernelOperands, _ index: Int?) -> [Float] {
        index.map { IntegerParameters.scales(operands.inputs[$0]!, type($0)!) } ?? [1]
    }

    func leftZeros(_ operands: KernelOperands) -> [Int32] { zeros(operands, places.leftZero) }
    func leftScales(_ operands: KernelOperands) -> [Float] { scales(operands, places.leftScale) }
    func rightScales(_ operands: KernelOperands) -> [Float] { scales(operands, places.rightScale) }
    func resultScale(_ operands: KernelOperands) -> Float { scales(operands, places.resultScale)[0] }
    func resultZero(_ operands: KernelOperands) -> Int32 { places.resultZero.map { zeros(operands, $0)[0] } ?? 0 }

    /// How the elements of the right operand are laid out for the kernel, given its zero points.
    typealias Packing = (_ elements: UnsafeRawPointer, _ type: TensorType, _ zeros: [Int32]) -> Storage

    func packedRight(_ operands: KernelOperands, _ pack: Packing) -> Storage {
        pack(operands.inputs[places.right]!, type(places.right)!, zeros(operands, places.rightZero))
    }

    /// The same before the run; nil where the operand or its zero points are not constant.
    func packedRight(_ request: KernelRequest, _ pack: Packing) throws -> Storage? {
        guard request.isConstant(places.right), !request.has(places.rightZero) || request.isConstant(places.rightZero)
        else { return nil }
        return try request.packed("integer") {
            let zeros = try request.constant(places.rightZero).map { zeros in
                zeros.withBytes { IntegerParameters.zeros($0.baseAddress, zeros.type) }
            }
            return try request.constant(places.right)!.withBytes {
                pack($0.baseAddress!, type(places.right)!, zeros ?? [0])
            }
        }
    }

    /// A zero point operand widened to int32: as many as it has elements, or one 0 where it is left out.
    private static func zeros(_ pointer: UnsafeRawPointer?, _ type: TensorType?) -> [Int32] {
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
    private static func scales(_ pointer: UnsafeRawPointer, _ type: TensorType) -> [Float] {
        let count = type.shape.elementCount
        if type.dtype == .float64 {
            let values = pointer.assumingMemoryBound(to: Double.self)
            return (0..<count).map { Float(values[$0]) }
        }
        let values = pointer.assumingMemoryBound(to: Float.self)
        return (0..<count).map { values[$0] }
    }
}
