internal import ModelFormats
public import Tensors

/// Items from NumPy files, one in each, which may have different shapes.
public struct ArrayFilesSource: InputSource {
    public let itemNames: ItemNames
    public let dtype: DType
    public var warnings: [String] { [] }
    private let files: [NPYFile]

    /// Reads the headers.
    public init(_ specification: JobSpecification.ArrayFilesInput) throws(FileError) {
        let paths = try InputFiles.arrays.expand(specification.arrays)
        var files: [NPYFile] = []
        for path in paths {
            let file = try NPYFile(path)
            if let first = files.first, first.type.dtype != file.type.dtype {
                throw FileError(
                    path: path, offset: nil,
                    reason: "the array is \(file.type.dtype), and \(first.region.path) is \(first.type.dtype)")
            }
            if let first = files.first, first.type.shape.rank != file.type.shape.rank {
                throw FileError(
                    path: path, offset: nil,
                    reason: "an item of \(file.type.shape), and \(first.region.path) has \(first.type.shape)")
            }
            files.append(file)
        }
        self.files = files
        dtype = files[0].type.dtype
        itemNames = .files(InputFiles.names(of: paths))
    }

    public func itemShape(_ item: Int) -> Shape { files[item].type.shape }

    public func read(items: [Int], into tensor: Tensor) throws(FileError) {
        check(items, tensor)
        for (offset, item) in items.enumerated() {
            let array = try NPY.read(files[item].region.path)
            guard array.type == files[item].type else {
                throw FileError(
                    path: files[item].region.path, offset: nil, reason: "the array has changed since the job began")
            }
            let place = tensor.slice(offset..<offset + 1)
            array.withBytes { source in place.withMutableBytes { $0.copyMemory(from: source) } }
        }
    }
}
