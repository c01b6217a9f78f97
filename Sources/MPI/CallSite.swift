internal import CMPI

/// Which call was made, by which rank, with which peer: what an error has to name. Trivial to copy, so that keeping it
/// costs no time while a message is sent.
struct CallSite {
    let call: StaticString
    /// Of the communicator the call was made on; nil where there is none yet.
    var rank: Int? = nil
    /// The other side of a message or the root of a collective; nil for none or any.
    var peer: Int? = nil
    var tag: Int? = nil

    func error(_ reason: MPIError.Reason) -> MPIError {
        MPIError(call: call.description, rank: rank, peer: peer, tag: tag, reason: reason)
    }

    /// The error for a code that MPI returned, with MPI's own message.
    @inline(never)
    func error(code: Int32) -> MPIError {
        var length: Int32 = 0
        let text = String(unsafeUninitializedCapacity: Int(cmpi_max_error_string())) { buffer in
            buffer.withMemoryRebound(to: CChar.self) { characters in
                MPI_Error_string(code, characters.baseAddress, &length) == cmpi_success() ? Int(length) : 0
            }
        }
        return error(.library(code: Int(code), text: text.isEmpty ? "error \(code)" : text))
    }
}

/// Throws unless MPI reported that the call succeeded. Every call into MPI that can fail goes through here.
@inline(__always)
func check(_ code: Int32, _ site: @autoclosure () -> CallSite) throws(MPIError) {
    guard code == cmpi_success() else { throw site().error(code: code) }
}
