import Kernels
import Tensors

/// Whether a result is what the suite expects.
enum Agreement {
    static func check(_ result: StageValue, _ expected: StageValue, rtol: Double, atol: Double) throws {
        switch (result, expected) {
        case (.tensor(let result), .tensor(let expected)): try check(result, expected, rtol: rtol, atol: atol)
        case (.sequence(let results), .sequence(let expected)):
            guard results.count == expected.count else {
                throw Failure("\(results.count) tensors, expected \(expected.count)")
            }
            for (result, tensor) in zip(results, expected) { try check(result, tensor, rtol: rtol, atol: atol) }
        case (.nothing, .nothing): return
        default: throw Failure("\(result) where \(expected) is expected")
        }
    }

    /// Throws where dtype, shape or an element differ: |result - expected| <= atol + rtol * |expected|.
    static func check(_ result: Tensor, _ expected: Tensor, rtol: Double, atol: Double) throws {
        guard result.dtype == expected.dtype else { throw Failure("\(result.dtype), expected \(expected.dtype)") }
        guard result.shape == expected.shape else { throw Failure("shape \(result.shape), expected \(expected.shape)") }
        let (got, wanted) = (numbers(result), numbers(expected))
        for (index, (x, y)) in zip(got, wanted).enumerated() {
            if x == y || (x.isNaN && y.isNaN) || abs(x - y) <= atol + rtol * abs(y) { continue }
            throw Failure("element \(index) is \(x), expected \(y)")
        }
    }

    private static func numbers(_ tensor: Tensor) -> [Double] {
        switch tensor.dtype {
        case .float32: tensor.elements(of: Float.self).map(Double.init)
        case .float64: tensor.elements(of: Double.self)
        case .int8: tensor.elements(of: Int8.self).map(Double.init)
        case .int16: tensor.elements(of: Int16.self).map(Double.init)
        case .int32: tensor.elements(of: Int32.self).map(Double.init)
        case .int64: tensor.elements(of: Int64.self).map(Double.init)
        case .uint8: tensor.elements(of: UInt8.self).map(Double.init)
        case .uint16: tensor.elements(of: UInt16.self).map(Double.init)
        case .uint32: tensor.elements(of: UInt32.self).map(Double.init)
        case .uint64: tensor.elements(of: UInt64.self).map(Double.init)
        case .bool: tensor.elements(of: Bool.self).map { $0 ? 1 : 0 }
        case .float16: tensor.withBytes { $0.bindMemory(to: Float16.self).map(Double.init) }
        case .bfloat16:
            tensor.withBytes {
                $0.bindMemory(to: UInt16.self).map { Double(Float(bitPattern: UInt32($0) << 16)) }
            }
        }
    }
}
