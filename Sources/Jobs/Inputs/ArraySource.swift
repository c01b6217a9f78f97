internal import ModelFormats
public import Tensors

/// Items along the first axis of a NumPy array.
///
/// A .npy file stays on disk and is read by ranges; an array of a .npz file is decompressed once.
public struct ArraySource: InputSource {
    public let itemNames: ItemNames
    public let itemType: TensorType
    public var dtype: DType { itemType.dtype }
    public var warnings: [String] { [] }
    private let contents: Contents

    private enum Contents: Sendable {
        case file(NPYFile)
        case memory(Tensor)
    }

    public init(_ specification: JobSpecification.ArrayInput) throws(FileError) {
        let path = specification.array
        let type: TensorType
        if path.hasSuffix(".npz") {
            let tensor = try NPZFile(path).read(specification.key)
            type = tensor.type
            contents = .memory(tensor)
        } else {
            guard specification.key == nil else {
                throw FileError(path: path, offset: nil, reason: "'key' chooses an array of a .npz file, this is none")
            }
            let file = try NPYFile(path)
            guard file.isContiguous else {
                throw FileError(
                    path: path, offset: nil,
                    reason: "the array is in Fortran order; save numpy.ascontiguousarray(a) instead")
            }
            type = file.type
            contents = .file(file)
        }
        guard type.shape.rank > 0 else {
            throw FileError(path: path, offset: nil, reason: "a single number; the first axis has to count the items")
        }
        itemNames = .rows(type.shape[0])
        itemType = TensorType(type.dtype, Shape(Array(type.shape.dimensions.dropFirst())))
    }

    public var commonShape: Shape? { itemType.shape }
    public func itemShape(_ item: Int) -> Shape { itemType.shape }

    public func read(items: [Int], into tensor: Tensor) throws(FileError) {
        check(items, tensor)
        var start = 0
        while start < items.count {
            // Neighbours are read at once.
            var end = start + 1
            while end < items.count, items[end] == items[end - 1] + 1 { end += 1 }
            let range = items[start]..<items[start] + (end - start)
            let part = tensor.slice(start..<end)
            switch contents {
            case .file(let file): try file.read(items: range, into: part)
            case .memory(let all):
                all.slice(range).withBytes { source in part.withMutableBytes { $0.copyMemory(from: source) } }
            }
            start = end
        }
    }
}
