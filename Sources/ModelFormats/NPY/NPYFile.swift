public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A .npy file whose header is known and whose elements stay on disk until they are asked for.
public struct NPYFile: Sendable {
    /// dtype and shape of the whole array.
    public let type: TensorType
    /// Where its elements lie.
    public let region: FileRegion
    let header: NPYHeader

    /// Reads the header, and checks that the file is exactly as long as it says.
    public init(_ path: String) throws(FileError) {
        let size = try NPYFile.size(of: path)
        let start = try NPYFile.bytes(0..<min(12, size), of: path)
        let headerByteCount = try NPYHeader.byteCount(start: start, path: path)
        guard headerByteCount <= size else {
            throw FileError(
                path: path, offset: size,
                reason: "the file ends inside its header of \(headerByteCount) bytes; save the array anew "
                    + "with numpy.save")
        }
        header = try NPYHeader(bytes: try NPYFile.bytes(0..<headerByteCount, of: path), path: path)
        type = header.type
        region = FileRegion(path: path, offset: headerByteCount, byteCount: type.byteCount)
        try NPY.checkLength(size, of: header, path: path)
    }

    /// Whether ranges of the first axis lie together in the file, as `read(items:into:)` needs.
    public var isContiguous: Bool { !header.isFortranOrder }

    /// Reads indices of the first axis, and nothing else, from disk.
    ///
    /// - Parameters:
    ///   - items: a range inside the first axis.
    ///   - tensor: of the file's dtype and `[items.count, ...]`, the other axes those of the file.
    /// - Throws: where the file has changed or cannot be read, and for a Fortran-order array of several axes, whose
    ///   items lie scattered.
    public func read(items: Range<Int>, into tensor: Tensor) throws(FileError) {
        precondition(
            type.shape.rank > 0 && items.lowerBound >= 0 && items.upperBound <= type.shape[0]
                && tensor.type == TensorType(type.dtype, Shape([items.count] + type.shape.dimensions.dropFirst())),
            "items \(items) of \(type) do not go into \(tensor.type)")
        guard isContiguous else {
            throw FileError(
                path: region.path, offset: nil,
                reason: "the array is in Fortran order, its items are scattered over the file; "
                    + "save numpy.ascontiguousarray(a) instead")
        }
        let itemBytes = type.shape.elementCount(over: 1..<type.shape.rank) * type.dtype.byteCount
        let part = items.lowerBound * itemBytes..<items.upperBound * itemBytes
        // Not `rethrows`, which forgets the error's type.
        let result = tensor.withMutableBytes { destination in
            Result { () throws(FileError) in try region.read(part: part, into: destination) }
        }
        try result.get()
        try NPY.finish(tensor, header: header, path: region.path, offset: region.offset + part.lowerBound)
    }
}

extension NPYFile {
    private static func size(of path: String) throws(FileError) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw FileError(path: path, code: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(path: path, offset: nil, reason: "not a regular file")
        }
        return Int(status.st_size)
    }

    private static func bytes(_ range: Range<Int>, of path: String) throws(FileError) -> [UInt8] {
        let region = FileRegion(path: path, offset: range.lowerBound, byteCount: range.count)
        var bytes = [UInt8](repeating: 0, count: range.count)
        let result = bytes.withUnsafeMutableBytes { destination in
            Result { () throws(FileError) in try region.read(into: destination) }
        }
        try result.get()
        return bytes
    }
}
