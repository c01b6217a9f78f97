/// A dense row-major array of numbers: dtype, shape, and the bytes it lies in.
public struct Tensor: Sendable {
    public let dtype: DType
    public let shape: Shape
    public let storage: Storage
    /// Where in `storage` the first element lies, in bytes.
    public let byteOffset: Int

    /// - Precondition: the elements lie inside the storage.
    public init(dtype: DType, shape: Shape, storage: Storage, byteOffset: Int = 0) {
        precondition(
            byteOffset >= 0 && byteOffset + shape.elementCount * dtype.byteCount <= storage.byteCount,
            "\(dtype) \(shape) does not fit in \(storage.byteCount) bytes at \(byteOffset)")
        self.dtype = dtype
        self.shape = shape
        self.storage = storage
        self.byteOffset = byteOffset
    }

    /// A new tensor whose elements the caller fills before handing it on.
    public init(uninitialized dtype: DType, shape: Shape) {
        self.init(dtype: dtype, shape: shape, storage: Storage(byteCount: shape.elementCount * dtype.byteCount))
    }

    public init(zeros dtype: DType, shape: Shape) {
        self.init(
            dtype: dtype, shape: shape,
            storage: Storage(byteCount: shape.elementCount * dtype.byteCount, zeroed: true))
    }

    public var elementCount: Int { shape.elementCount }
    public var byteCount: Int { elementCount * dtype.byteCount }
    public var type: TensorType { TensorType(dtype, shape) }

    /// The same elements under another shape.
    /// - Precondition: the element counts are equal.
    public func reshaped(_ shape: Shape) -> Tensor {
        precondition(shape.elementCount == elementCount, "\(self.shape) cannot be seen as \(shape)")
        return Tensor(dtype: dtype, shape: shape, storage: storage, byteOffset: byteOffset)
    }

    /// A view of the indices `range` of the outermost axis; no copy.
    public func slice(_ range: Range<Int>) -> Tensor {
        precondition(shape.rank > 0 && range.lowerBound >= 0 && range.upperBound <= shape[0])
        let rowBytes = shape.elementCount(over: 1..<shape.rank) * dtype.byteCount
        return Tensor(
            dtype: dtype, shape: Shape([range.count] + shape.dimensions.dropFirst()), storage: storage,
            byteOffset: byteOffset + range.lowerBound * rowBytes)
    }
}

// MARK: - Reading and writing elements

extension Tensor {
    public var pointer: UnsafeMutableRawPointer { storage.pointer + byteOffset }  // [byteCount]

    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        // The storage must outlive the pointer, whatever the optimiser thinks of its last use.
        try withExtendedLifetime(storage) {
            try body(UnsafeRawBufferPointer(start: pointer, count: byteCount))
        }
    }

    /// For filling a tensor just made; see `Storage` on who may write.
    public func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(storage) {
            try body(UnsafeMutableRawBufferPointer(start: pointer, count: byteCount))
        }
    }

    /// Fills a tensor with the bits of elements in row-major order; see `Storage` on who may write.
    /// - Precondition: as many bytes as the tensor has.
    public func assign<Element: BitwiseCopyable>(bitsOf elements: [Element]) {
        withMutableBytes { destination in
            elements.withUnsafeBytes { source in
                precondition(source.count == destination.count, "\(source.count) bytes for \(type)")
                destination.copyMemory(from: source)
            }
        }
    }

    /// A tensor of the elements given, in row-major order.
    /// - Precondition: as many elements as the shape says.
    public init<Element: TensorElement>(_ elements: [Element], shape: Shape? = nil) {
        let shape = shape ?? [elements.count]
        precondition(shape.elementCount == elements.count, "\(elements.count) elements for \(shape)")
        self.init(uninitialized: Element.dtype, shape: shape)
        withMutableBytes { destination in
            elements.withUnsafeBytes { destination.copyMemory(from: $0) }
        }
    }

    /// A tensor of which every element is the one of another.
    /// - Precondition: that one has one element.
    public init(repeating element: Tensor, shape: Shape) {
        precondition(element.elementCount == 1, "\(element.type) is not one element")
        self.init(uninitialized: element.dtype, shape: shape)
        withMutableBytes { destination in
            guard let start = destination.baseAddress, !destination.isEmpty else { return }
            element.withBytes { destination.copyMemory(from: $0) }
            // What is there already, twice as much each time.
            var done = element.byteCount
            while done < destination.count {
                let part = min(done, destination.count - done)
                (start + done).copyMemory(from: start, byteCount: part)
                done += part
            }
        }
    }

    public init<Element: TensorElement>(scalar: Element) { self.init([scalar], shape: []) }

    /// The elements in row-major order.
    /// - Precondition: the element type is the tensor's dtype.
    public func elements<Element: TensorElement>(of type: Element.Type = Element.self) -> [Element] {
        precondition(Element.dtype == dtype, "a tensor of \(dtype) read as \(Element.dtype)")
        return withBytes { Array($0.bindMemory(to: Element.self)) }
    }
}

/// A Swift number type whose bytes are those of a `DType`.
public protocol TensorElement: BitwiseCopyable, Sendable {
    static var dtype: DType { get }
}
extension Float: TensorElement { public static var dtype: DType { .float32 } }
extension Double: TensorElement { public static var dtype: DType { .float64 } }
extension Int8: TensorElement { public static var dtype: DType { .int8 } }
extension Int16: TensorElement { public static var dtype: DType { .int16 } }
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
extension Int64: TensorElement { public static var dtype: DType { .int64 } }
extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }
extension UInt16: TensorElement { public static var dtype: DType { .uint16 } }
extension UInt32: TensorElement { public static var dtype: DType { .uint32 } }
extension UInt64: TensorElement { public static var dtype: DType { .uint64 } }
extension Bool: TensorElement { public static var dtype: DType { .bool } }
