internal import ModelFormats
internal import Tensors

/// A .npy file: the header is known from the start, each item has its place.
final class ArraySink: OutputSink {
    let file: AtomicFile
    private let itemType: TensorType
    private let headerByteCount: Int
    private var isWritten: [Bool]

    init(path: String, itemType: TensorType, count: Int) throws(FileError) {
        guard let shape = Shape(checking: [count] + itemType.shape.dimensions) else {
            throw FileError(path: path, offset: nil, reason: "\(count) items of \(itemType) are too many for one array")
        }
        let header = NPY.encodedHeader(TensorType(itemType.dtype, shape))
        file = try AtomicFile(path: path)
        self.itemType = itemType
        headerByteCount = header.count
        isWritten = [Bool](repeating: false, count: count)
        try file.reserve(header.count + count * itemType.byteCount)
        try file.append(header)
    }

    var missingCount: Int { isWritten.count { !$0 } }

    func write(items: Range<Int>, from tensor: Tensor) throws(FileError) {
        precondition(!isWritten[items].contains(true), "one of the items \(items) comes twice")
        let result = tensor.withBytes { source in
            Result { () throws(FileError) in
                try file.write(source, at: headerByteCount + items.lowerBound * itemType.byteCount)
            }
        }
        try result.get()
        for item in items { isWritten[item] = true }
    }

    func finish() {}
}
