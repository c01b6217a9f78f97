internal import CMPI
public import Tensors

// Blocking receives check a message's length before they receive it. Open MPI 4.1 writes past the end of the buffer
// when a message longer than the buffer arrives by the one-copy protocols (shared memory above 4 KiB, TCP above 64 KiB)
// and reports the truncation afterwards, so its own check comes too late. A receive that is begun before the message
// arrives has no such check.

extension Communicator {
    /// Receives a tensor of exactly this type.
    ///
    /// - Parameters:
    ///   - source: the sender, nil for any.
    ///   - tag: nil for any.
    /// - Throws: `.messageTooLong` or `.messageTooShort` where the message has another number of bytes; the message is
    ///   lost then.
    public func receive(_ type: TensorType, from source: Int?, tag: Int?) throws(MPIError) -> Tensor {
        let tensor = Tensor(uninitialized: type.dtype, shape: type.shape)
        try receive(into: tensor, from: source, tag: tag)
        return tensor
    }

    /// Receives exactly as many bytes as the tensor has, into it.
    ///
    /// - Throws: `.messageTooLong` or `.messageTooShort`; the elements are unchanged, and the message is lost.
    @discardableResult
    public func receive(into tensor: Tensor, from source: Int?, tag: Int?) throws(MPIError) -> MessageInfo {
        let site = site("MPI_Recv", peer: source, tag: tag)
        let message = try match(from: source, tag: tag, site)
        let sent = message.info.byteCount
        guard sent == tensor.byteCount else {
            _ = try takeBytes(message, site)
            throw site.error(
                sent > tensor.byteCount
                    ? .messageTooLong(capacity: tensor.byteCount, sent: sent)
                    : .messageTooShort(expected: tensor.byteCount, sent: sent))
        }
        defer { withExtendedLifetime(tensor.storage) {} }
        try take(message, into: tensor.pointer, site)
        return message.info
    }

    /// Receives a message of any length.
    /// - Returns: its bytes, and who sent them under which tag.
    public func receiveBytes(from source: Int?, tag: Int?) throws(MPIError) -> (bytes: [UInt8], info: MessageInfo) {
        let site = site("MPI_Recv", peer: source, tag: tag)
        let message = try match(from: source, tag: tag, site)
        return (try takeBytes(message, site), message.info)
    }

    /// Receives a message of any length, but stops when `shouldStop` returns true before one arrives; it is called
    /// about every 100 microseconds.
    /// - Throws: `.stopped` then.
    public func receiveBytes(
        from source: Int?, tag: Int?, unless shouldStop: () -> Bool
    ) throws(MPIError) -> (bytes: [UInt8], info: MessageInfo) {
        var patience = Patience()
        while true {
            if let received = try receiveBytesNow(from: source, tag: tag) { return received }
            if patience.isTimeToAsk(), shouldStop() { throw site("MPI_Recv", peer: source, tag: tag).error(.stopped) }
            patience.pause()
        }
    }

    /// Receives a message of any length if one has arrived.
    public func receiveBytesNow(
        from source: Int?, tag: Int?
    ) throws(MPIError) -> (bytes: [UInt8], info: MessageInfo)? {
        let site = site("MPI_Recv", peer: source, tag: tag)
        var message = CMPIMessage()
        var status = MPI_Status()
        var found: Int32 = 0
        try check(cmpi_improbe(wireSource(source), wireTag(tag), handle, &found, &message, &status), site)
        guard found != 0 else { return nil }
        let matched = Matched(message: message, info: MessageInfo(status))
        return (try takeBytes(matched, site), matched.info)
    }

    /// A message that only its holder can receive.
    private struct Matched {
        let message: CMPIMessage
        let info: MessageInfo
    }

    private func match(from source: Int?, tag: Int?, _ site: CallSite) throws(MPIError) -> Matched {
        var message = CMPIMessage()
        var status = MPI_Status()
        try check(cmpi_mprobe(wireSource(source), wireTag(tag), handle, &message, &status), site)
        return Matched(message: message, info: MessageInfo(status))
    }

    private func takeBytes(_ matched: Matched, _ site: CallSite) throws(MPIError) -> [UInt8] {
        try [UInt8](count: matched.info.byteCount) { buffer throws(MPIError) in
            try take(matched, into: buffer.baseAddress, site)
        }
    }

    /// - Parameter pointer: room for all of the message.
    private func take(
        _ matched: Matched, into pointer: UnsafeMutableRawPointer?, _ site: CallSite
    ) throws(MPIError) {
        let layout = try MessageLayout(byteCount: matched.info.byteCount, largestCount: largestCount, site: site)
        var message = matched.message
        var status = MPI_Status()
        try check(cmpi_mrecv(pointer, layout.count, layout.datatype, &message, &status), site)
    }
}
