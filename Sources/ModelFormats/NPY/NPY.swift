public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// NumPy's file format for one array.
public enum NPY {
    /// Reads a whole array. Big-endian elements are swapped and Fortran order is transposed, so that what comes back is
    /// an ordinary row-major tensor.
    ///
    /// - Throws: an error naming file and byte for anything that NumPy would not have written, bytes missing at the
    ///   end and bytes too many included.
    public static func read(_ path: String) throws(FileError) -> Tensor {
        let file = try NPYFile(path)
        let tensor = Tensor(uninitialized: file.type.dtype, shape: file.type.shape)
        let result = tensor.withMutableBytes { destination in
            Result { () throws(FileError) in try file.region.read(into: destination) }
        }
        try result.get()
        try finish(tensor, header: file.header, path: path, offset: file.region.offset)
        return file.header.isFortranOrder ? rowMajor(tensor) : tensor
    }

    /// Writes a whole array, in little-endian C order, over what was at `path`.
    ///
    /// Not atomic: results of a job go through the Jobs room's outputs.
    public static func write(_ tensor: Tensor, to path: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw FileError(path: path, offset: nil, reason: String(cString: strerror(errno)))
        }
        var reason: String?
        let header = encodedHeader(tensor.type)
        header.withUnsafeBytes { reason = writeAll($0, to: descriptor) }
        if reason == nil { tensor.withBytes { reason = writeAll($0, to: descriptor) } }
        if close(descriptor) != 0, reason == nil { reason = String(cString: strerror(errno)) }
        if let reason {
            unlink(path)
            throw FileError(path: path, offset: nil, reason: reason)
        }
    }

    /// The bytes before the elements of an array of this type; a multiple of 64.
    public static func encodedHeader(_ type: TensorType) -> [UInt8] { NPYHeader.encoded(type) }
}

// MARK: - Shared by .npy and .npz

extension NPY {
    /// Refuses a file that is shorter than its header says, and one that is longer: NumPy appends when it is told to
    /// save twice into one open file, and to take the first array of several would be a guess.
    static func checkLength(_ size: Int, of header: NPYHeader, path: String) throws(FileError) {
        let wanted = header.byteCount + header.type.byteCount
        if size < wanted {
            throw FileError(
                path: path, offset: size,
                reason: "the file ends here, but an array of \(header.type) needs \(wanted - size) bytes more; "
                    + "save it anew with numpy.save")
        }
        if size > wanted {
            throw FileError(
                path: path, offset: wanted,
                reason: "\(size - wanted) bytes follow the array of \(header.type); one array per file")
        }
    }

    /// Brings elements as they lay in the file into this machine's form.
    ///
    /// - Parameter offset: where in the file the tensor's first element lay.
    static func finish(_ tensor: Tensor, header: NPYHeader, path: String, offset: Int) throws(FileError) {
        if header.isBigEndian { swapBytes(of: tensor) }
        guard tensor.dtype == .bool else { return }
        if let index = tensor.withBytes({ $0.firstIndex { $0 > 1 } }) {
            throw FileError(path: path, offset: offset + index, reason: "a bool that is neither 0 nor 1")
        }
    }

    private static func swapBytes(of tensor: Tensor) {
        let width = tensor.dtype.byteCount
        tensor.withMutableBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: width) { bytes[start..<start + width].reverse() }
        }
    }

    /// Elements in Fortran order, copied into row-major order under the same shape.
    static func rowMajor(_ tensor: Tensor) -> Tensor {
        let shape = tensor.shape
        let width = tensor.dtype.byteCount
        let copy = Tensor(uninitialized: tensor.dtype, shape: shape)
        var index = [Int](repeating: 0, count: shape.rank)
        let strides = shape.strides
        tensor.withBytes { source in
            copy.withMutableBytes { destination in
                for element in 0..<shape.elementCount {
                    let target = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
                    for byte in 0..<width { destination[target * width + byte] = source[element * width + byte] }
                    // The first axis runs fastest.
                    for axis in 0..<shape.rank {
                        index[axis] += 1
                        if index[axis] < shape[axis] { break }
                        index[axis] = 0
                    }
                }
            }
        }
        return copy
    }
}

/// Why not all could be written; nil where it could.
private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> String? {
    var done = 0
    while done < bytes.count {
        let count = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return String(cString: strerror(errno)) }
        done += count
    }
    return nil
}
