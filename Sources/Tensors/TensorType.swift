/// What a tensor is without its elements: dtype and shape.
public struct TensorType: Hashable, Sendable, Codable, CustomStringConvertible {
    public let dtype: DType
    public let shape: Shape

    public init(_ dtype: DType, _ shape: Shape) {
        self.dtype = dtype
        self.shape = shape
    }

    public var byteCount: Int { shape.elementCount * dtype.byteCount }
    public var description: String { "\(dtype) \(shape)" }
}
