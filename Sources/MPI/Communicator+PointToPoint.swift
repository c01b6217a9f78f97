internal import CMPI
public import Tensors

extension Communicator {
    /// Sends the tensor's elements, without dtype and shape; comes back when the tensor may be written again.
    public func send(_ tensor: Tensor, to destination: Int, tag: Int) throws(MPIError) {
        defer { withExtendedLifetime(tensor.storage) {} }
        try send(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.byteCount), to: destination, tag: tag)
    }

    /// Sends bytes; comes back when they are on their way or received.
    public func send(_ bytes: [UInt8], to destination: Int, tag: Int) throws(MPIError) {
        try bytes.withBytes { buffer throws(MPIError) in try send(buffer, to: destination, tag: tag) }
    }

    /// Receives a tensor of exactly this type.
    ///
    /// - Parameters:
    ///   - source: the sender, nil for any.
    ///   - tag: nil for any.
    /// - Throws: `.messageTooLong` or `.messageTooShort` where the message has another number of bytes.
    public func receive(_ type: TensorType, from source: Int?, tag: Int?) throws(MPIError) -> Tensor {
        let tensor = Tensor(uninitialized: type.dtype, shape: type.shape)
        try receive(into: tensor, from: source, tag: tag)
        return tensor
    }

    /// Receives exactly as many bytes as the tensor has, into it.
    ///
    /// - Throws: `.messageTooLong` or `.messageTooShort`; the elements are undefined then.
    @discardableResult
    public func receive(into tensor: Tensor, from source: Int?, tag: Int?) throws(MPIError) -> MessageInfo {
        defer { withExtendedLifetime(tensor.storage) {} }
        return try receive(
            into: UnsafeMutableRawBufferPointer(start: tensor.pointer, count: tensor.byteCount), from: source, tag: tag)
    }

    /// Receives a message of any length.
    /// - Returns: its bytes, and who sent them under which tag.
    public func receiveBytes(from source: Int?, tag: Int?) throws(MPIError) -> (bytes: [UInt8], info: MessageInfo) {
        try receiveBytes(probe(from: source, tag: tag))
    }

    /// Receives a message of any length, unless `shouldStop` says so before one arrives.
    /// - Throws: `.stopped` then.
    public func receiveBytes(
        from source: Int?, tag: Int?, unless shouldStop: () -> Bool
    ) throws(MPIError) -> (bytes: [UInt8], info: MessageInfo) {
        try receiveBytes(probe(from: source, tag: tag, unless: shouldStop))
    }

    /// Receives a message of any length if one has arrived.
    public func receiveBytesNow(
        from source: Int?, tag: Int?
    ) throws(MPIError) -> (bytes: [UInt8], info: MessageInfo)? {
        guard let info = try probeNow(from: source, tag: tag) else { return nil }
        return try receiveBytes(info)
    }

    private func receiveBytes(_ info: MessageInfo) throws(MPIError) -> (bytes: [UInt8], info: MessageInfo) {
        let bytes = try [UInt8](byteCount: info.byteCount) { buffer throws(MPIError) in
            _ = try receive(into: buffer, from: info.source, tag: info.tag)
        }
        return (bytes, info)
    }

    /// Sends one tensor and receives another at the same time, so that neighbours can exchange without an order.
    ///
    /// - Throws: `.messageTooLong` or `.messageTooShort` where what arrives is not of this type.
    public func exchange(
        _ tensor: Tensor, with destination: Int, receiving type: TensorType, from source: Int, tag: Int
    ) throws(MPIError) -> Tensor {
        let received = Tensor(uninitialized: type.dtype, shape: type.shape)
        let outgoing = try layout(byteCount: tensor.byteCount, "MPI_Sendrecv")
        let incoming = try layout(byteCount: type.byteCount, "MPI_Sendrecv")
        var status = MPI_Status()
        let code = cmpi_sendrecv(
            tensor.pointer, outgoing.count, outgoing.datatype, wireRank(destination), received.pointer, incoming.count,
            incoming.datatype, wireRank(source), wireTag(tag), handle, &status)
        withExtendedLifetime((tensor.storage, received.storage)) {}
        let expectation = Expectation(byteCount: type.byteCount, rowByteCount: nil)
        try expectation.check(code, received: status.byteCount, site("MPI_Sendrecv", peer: source, tag: tag))
        return received
    }

    private func send(_ bytes: UnsafeRawBufferPointer, to destination: Int, tag: Int) throws(MPIError) {
        let layout = try layout(byteCount: bytes.count, "MPI_Send")
        try check(
            cmpi_send(bytes.baseAddress, layout.count, layout.datatype, wireRank(destination), wireTag(tag), handle),
            site("MPI_Send", peer: destination, tag: tag))
    }

    private func receive(
        into bytes: UnsafeMutableRawBufferPointer, from source: Int?, tag: Int?
    ) throws(MPIError) -> MessageInfo {
        let layout = try layout(byteCount: bytes.count, "MPI_Recv")
        var status = MPI_Status()
        let code = cmpi_recv(
            bytes.baseAddress, layout.count, layout.datatype, wireSource(source), wireTag(tag), handle, &status)
        let expectation = Expectation(byteCount: bytes.count, rowByteCount: nil)
        try expectation.check(code, received: status.byteCount, site("MPI_Recv", peer: source, tag: tag))
        return MessageInfo(status)
    }
}
