internal import ModelFormats
public import Planning
public import Tensors

/// Items from NumPy files, an array for each, which may have different shapes.
public struct ArrayFilesSource: InputSource {
    public let itemNames: ItemNames
    public let dtype: DType
    public var warnings: [String] { [] }
    public let urgencies: [Urgency?]?
    private let arrays: [StoredArray]

    /// An array of a .npy file, or one of a .npz file.
    private struct StoredArray: Sendable {
        let path: String
        let key: String?
        let type: TensorType

        /// What errors call it.
        var description: String { key.map { "\(path)[\($0)]" } ?? path }

        func read() throws(FileError) -> Tensor {
            try ArrayFilesSource.isArchive(path) ? NPZFile(path).read(key) : NPY.read(path)
        }
    }

    /// One item in each file; reads the headers.
    public init(_ specification: JobSpecification.ArrayFilesInput) throws(FileError) {
        let files = try ArrayFilesSource.files(specification)
        let paths = files.map(\.path)
        var arrays: [StoredArray] = []
        for path in paths {
            let key = ArrayFilesSource.isArchive(path) ? specification.key : nil
            guard key == specification.key else { throw ArrayFilesSource.noArchive(path) }
            arrays.append(StoredArray(path: path, key: key, type: try ArrayFilesSource.type(of: path, key: key)))
        }
        try self.init(
            arrays, names: InputFiles.names(of: paths),
            urgencies: files.contains { $0.urgency != nil } ? files.map(\.urgency) : nil)
    }

    /// The items of one file, of which each is a whole array: that of a .npy file, one of a .npz file, or all of its arrays.
    ///
    /// - Parameter keys: of a .npz file; nil for a .npy file.
    init(path: String, keys: [String]?) throws(FileError) {
        guard let keys else {
            let array = StoredArray(path: path, key: nil, type: try ArrayFilesSource.type(of: path, key: nil))
            try self.init([array], names: InputFiles.names(of: [path]))
            return
        }
        guard !keys.isEmpty else { throw FileError(path: path, offset: nil, reason: "the archive is empty") }
        var arrays: [StoredArray] = []
        for key in keys {
            arrays.append(StoredArray(path: path, key: key, type: try ArrayFilesSource.type(of: path, key: key)))
        }
        try self.init(arrays, names: keys)
    }

    private init(_ arrays: [StoredArray], names: [String], urgencies: [Urgency?]? = nil) throws(FileError) {
        let first = arrays[0]
        for array in arrays.dropFirst() {
            if first.type.dtype != array.type.dtype {
                throw FileError(
                    path: array.description, offset: nil,
                    reason: "the array is \(array.type.dtype), and \(first.description) is \(first.type.dtype)")
            }
            if first.type.shape.rank != array.type.shape.rank {
                throw FileError(
                    path: array.description, offset: nil,
                    reason: "an item of \(array.type.shape), and \(first.description) has \(first.type.shape)")
            }
        }
        self.arrays = arrays
        dtype = first.type.dtype
        itemNames = .files(names)
        self.urgencies = urgencies
    }

    public func itemShape(_ item: Int) -> Shape { arrays[item].type.shape }

    public func read(items: [Int], into tensor: Tensor) throws(FileError) {
        check(items, tensor)
        for (offset, item) in items.enumerated() {
            let array = try arrays[item].read()
            guard array.type == arrays[item].type else {
                throw FileError(
                    path: arrays[item].description, offset: nil, reason: "the array has changed since the job began")
            }
            let place = tensor.slice(offset..<offset + 1)
            array.withBytes { source in place.withMutableBytes { $0.copyMemory(from: source) } }
        }
    }
}

extension ArrayFilesSource {
    static func files(_ specification: JobSpecification.ArrayFilesInput) throws(FileError) -> [FileList.Entry] {
        let files = specification.key == nil ? InputFiles.arrays : InputFiles.archives
        return try files.expand(specification.arrays)
    }

    static func isArchive(_ path: String) -> Bool { path.hasSuffix(".npz") }

    /// What a header says.
    static func type(of path: String, key: String?) throws(FileError) -> TensorType {
        if isArchive(path) { return try NPZFile(path).type(key) }
        guard key == nil else { throw noArchive(path) }
        return try NPYFile(path).type
    }

    static func noArchive(_ path: String) -> FileError {
        FileError(path: path, offset: nil, reason: "'key' chooses an array of a .npz file, this is none")
    }
}
