internal import Files
internal import ModelFormats
internal import Tensors

/// A .npy file: the header is known from the start, each item has its place.
final class ArraySink: FileSink {
    let file: StagedFile
    private let itemType: TensorType
    private let headerByteCount: Int
    private var isWritten: [Bool]

    init(_ name: String, in folder: StagedFolder, itemType: TensorType, count: Int) throws(FileError) {
        guard let shape = Shape(checking: [count] + itemType.shape.dimensions) else {
            throw FileError(
                path: "\(folder.path)/\(name)", offset: nil,
                reason: "\(count) items of \(itemType) are too many for one array")
        }
        let header = NPY.encodedHeader(TensorType(itemType.dtype, shape))
        file = try folder.file(name)
        self.itemType = itemType
        headerByteCount = header.count
        isWritten = [Bool](repeating: false, count: count)
        try file.reserve(header.count + count * itemType.byteCount)
        try file.append(header)
    }

    var missingCount: Int { isWritten.count { !$0 } }

    func write(items: [Int], from tensor: Tensor) throws(FileError) {
        for (offset, item) in items.enumerated() {
            precondition(!isWritten[item], "item \(item) comes twice")
            isWritten[item] = true
            // Neighbours go out at once, with the first of them.
            guard offset == 0 || items[offset - 1] + 1 != item else { continue }
            var end = offset + 1
            while end < items.count, items[end] == items[end - 1] + 1 { end += 1 }
            let result = tensor.slice(offset..<end).withBytes { source in
                Result { () throws(FileError) in
                    try file.write(source, at: headerByteCount + item * itemType.byteCount)
                }
            }
            try result.get()
        }
    }

    func finish() {}
}
