#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Storage {
    /// The pages of a file that a region lies on, read only: a page is read when it is first touched, so that of a table
    /// of which few rows are used only those rows are ever in memory.
    ///
    /// - Returns: the pages, and where in them the region begins, in bytes.
    /// - Throws: where the file cannot be opened, or ends before the region does. A file that shrinks later ends the
    ///   process (SIGBUS).
    fileprivate static func mapping(_ region: FileRegion) throws(FileError) -> (storage: Storage, offset: Int) {
        func failure() -> FileError {
            FileError(path: region.path, offset: region.offset, reason: String(cString: strerror(errno)))
        }
        let descriptor = open(region.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw FileError(path: region.path, code: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure() }
        let end = region.offset + region.byteCount
        guard Int(status.st_size) >= end else {
            throw FileError(
                path: region.path, offset: Int(status.st_size),
                reason: "the file ends here, \(end - Int(status.st_size)) bytes of a tensor are missing")
        }
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = region.offset / pageSize * pageSize
        let byteCount = end - start
        let memory = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, off_t(start))
        guard let memory, memory != MAP_FAILED else { throw failure() }
        let storage = Storage(borrowing: memory, byteCount: byteCount) { munmap($0, byteCount) }
        return (storage, region.offset - start)
    }
}

extension Tensor {
    /// Elements that stay in their file and are read by the page when they are first used.
    ///
    /// - Precondition: the region has the bytes of the type.
    /// - Returns: nil where the elements do not lie on addresses that their dtype needs, or are too few to be worth it.
    public static func mapped(_ region: FileRegion, type: TensorType) throws(FileError) -> Tensor? {
        precondition(region.byteCount == type.byteCount, "\(type) in \(region.byteCount) bytes")
        guard region.byteCount >= mappingThreshold, region.offset % type.dtype.byteCount == 0 else { return nil }
        let (storage, offset) = try Storage.mapping(region)
        return Tensor(dtype: type.dtype, shape: type.shape, storage: storage, byteOffset: offset)
    }

    /// In bytes: less is read at once.
    private static let mappingThreshold = 1 << 18
}
