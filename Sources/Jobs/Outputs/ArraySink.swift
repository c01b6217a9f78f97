internal import Files
internal import ModelFormats
internal import Tensors

/// A .npy file: the header is known from the start, or with the first item; each item has its place.
final class ArraySink: FileSink {
    let file: StagedFile
    /// Nil until the first item tells it.
    private var itemType: TensorType?
    private var headerByteCount = 0
    private var isWritten: [Bool]

    /// - Parameter itemType: what all items have; nil where the first item is to tell.
    init(_ name: String, in folder: StagedFolder, itemType: TensorType?, count: Int) throws(FileError) {
        let header = try itemType.map { (type) throws(FileError) in
            try ArraySink.header(path: "\(folder.path)/\(name)", itemType: type, count: count)
        }
        file = try folder.file(name)
        isWritten = [Bool](repeating: false, count: count)
        if let itemType, let header { try begin(itemType, header) }
    }

    private static func header(path: String, itemType: TensorType, count: Int) throws(FileError) -> [UInt8] {
        guard let shape = Shape(checking: [count] + itemType.shape.dimensions) else {
            throw FileError(path: path, offset: nil, reason: "\(count) items of \(itemType) are too many for one array")
        }
        return NPY.encodedHeader(TensorType(itemType.dtype, shape))
    }

    private func begin(_ itemType: TensorType, _ header: [UInt8]) throws(FileError) {
        self.itemType = itemType
        headerByteCount = header.count
        try file.reserve(header.count + isWritten.count * itemType.byteCount)
        try file.append(header)
    }

    var missingCount: Int { isWritten.count { !$0 } }

    func write(items: [Int], from tensor: Tensor) throws(FileError) {
        let found = TensorType(tensor.dtype, Shape(Array(tensor.shape.dimensions.dropFirst())))
        if itemType == nil {
            try begin(found, ArraySink.header(path: path, itemType: found, count: isWritten.count))
        }
        let itemType = self.itemType ?? found
        guard itemType == found else {
            throw FileError(
                path: path, offset: nil,
                reason:
                    "the result of item \(items.first ?? 0) is \(found), and that of items before it \(itemType): this "
                    + "kind of file has one shape for all; write npz or jsonl (outputs.formats)")
        }
        for (offset, item) in items.enumerated() {
            precondition(!isWritten[item], "item \(item) comes twice")
            isWritten[item] = true
            // Neighbours are written in one go, with the first of them.
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
