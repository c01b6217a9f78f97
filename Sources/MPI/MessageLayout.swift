internal import CMPI

/// The count and datatype with which a range of bytes is passed to MPI, whose counts end at 2^31 - 1.
struct MessageLayout: ~Copyable {
    let count: Int32
    let datatype: CMPIDatatype
    private let isOwned: Bool

    private init(count: Int32, datatype: CMPIDatatype, isOwned: Bool) {
        self.count = count
        self.datatype = datatype
        self.isOwned = isOwned
    }

    init(byteCount: Int, largestCount: Int32, site: @autoclosure () -> CallSite) throws(MPIError) {
        if byteCount <= Int(largestCount) {
            self.init(count: Int32(byteCount), datatype: cmpi_byte(), isOwned: false)
        } else {
            var datatype = cmpi_byte()
            try check(cmpi_type_large(Int64(byteCount), largestCount, &datatype), site())
            self.init(count: 1, datatype: datatype, isOwned: true)
        }
    }

    /// The same datatype for all the blocks of a collective, `byteCount` bytes each.
    init(blocksOf byteCount: Int, site: @autoclosure () -> CallSite) throws(MPIError) {
        guard let length = Int32(exactly: byteCount) else {
            throw site().error(.misuse("one row has \(byteCount) bytes, at most \(Int32.max) can be gathered"))
        }
        var datatype = cmpi_byte()
        try check(cmpi_type_block(length, &datatype), site())
        self.init(count: 1, datatype: datatype, isOwned: true)
    }

    deinit {
        // Communication that has begun with it continues: MPI keeps the datatype until it is complete.
        guard isOwned else { return }
        var datatype = datatype
        _ = cmpi_type_free(&datatype)
    }
}

extension Communicator {
    func layout(byteCount: Int, _ call: StaticString) throws(MPIError) -> MessageLayout {
        try MessageLayout(byteCount: byteCount, largestCount: largestCount, site: site(call))
    }
}
