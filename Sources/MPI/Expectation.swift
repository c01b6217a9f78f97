internal import CMPI

/// What a receive has room for, and the check of what has arrived against it.
struct Expectation {
    let byteCount: Int
    /// A shorter message is accepted if it is a whole number of these.
    let rowByteCount: Int?

    func check(_ code: Int32, received: Int, _ site: @autoclosure () -> CallSite) throws(MPIError) {
        if code != cmpi_success() {
            let site = site()
            guard cmpi_error_class(code) == cmpi_err_truncate() else { throw site.error(code: code) }
            // The standard does not define what the status of a truncated message counts; in Open MPI it is what was
            // sent.
            throw site.error(.messageTooLong(capacity: byteCount, sent: received > byteCount ? received : nil))
        }
        guard received != byteCount else { return }
        guard let rowByteCount else {
            throw site().error(.messageTooShort(expected: byteCount, sent: received))
        }
        guard rowByteCount > 0, received % rowByteCount == 0 else {
            throw site().error(.messageTorn(rowByteCount: rowByteCount, sent: received))
        }
    }
}

extension MPI_Status {
    /// Of a message received or found; -1 where MPI does not know.
    var byteCount: Int {
        withUnsafePointer(to: self) { Int(cmpi_status_bytes($0)) }
    }
}
