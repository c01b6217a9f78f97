public import Tensors

/// start, start + delta, ... below limit (above it for a negative delta). Operands: start, limit, delta, all scalars.
public struct ArithmeticRange: OperatorAttributes {
    public init() {}

    public var operatorName: String { "Range" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let dtype = try operands.type(0).dtype
        let numbers: [Double]
        if dtype.isFloatingPoint {
            numbers = [try operands.floats(0), try operands.floats(1), try operands.floats(2)].compactMap {
                $0.first.map(Double.init)
            }
        } else {
            numbers = [try operands.integers(0), try operands.integers(1), try operands.integers(2)].compactMap {
                $0.first.map(Double.init)
            }
        }
        guard numbers.count == 3, numbers[2] != 0 else {
            throw .mismatch("start, limit and a delta that is not 0 are needed")
        }
        let count = max(0, ((numbers[1] - numbers[0]) / numbers[2]).rounded(.up))
        guard count < Double(1 << 40) else { throw .mismatch("a range of \(count) elements") }
        return [TensorType(dtype, [Int(count)])]
    }
}
