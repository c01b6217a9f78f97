internal import Tensors

/// int32 or int64 indices that count from the end when negative.
struct Indices {
    private let pointer: UnsafeRawPointer
    private let isWide: Bool

    init(_ pointer: UnsafeRawPointer, _ dtype: DType) {
        self.pointer = pointer
        isWide = dtype == .int64
    }

    /// As stored.
    @inline(__always)
    subscript(_ position: Int) -> Int {
        isWide
            ? Int(pointer.assumingMemoryBound(to: Int64.self)[position])
            : Int(pointer.assumingMemoryBound(to: Int32.self)[position])
    }

    /// Counted from 0.
    @inline(__always)
    func normalized(_ position: Int, extent: Int) -> Int {
        let index = self[position]
        return index < 0 ? index + extent : index
    }

    /// Throws unless all of `count` indices lie in an axis of that extent.
    func check(count: Int, extent: Int) throws(KernelError) {
        for position in 0..<count {
            let index = self[position]
            guard index >= -extent, index < extent else {
                throw KernelError("index \(index) lies outside an axis of extent \(extent)", element: position)
            }
        }
    }
}
