internal import CMPI
public import Tensors

extension Communicator {
    /// Sends the tensor's elements, without dtype and shape; returns when the tensor may be written again.
    public func send(_ tensor: Tensor, to destination: Int, tag: Int) throws(MPIError) {
        defer { withExtendedLifetime(tensor.storage) {} }
        try send(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.byteCount), to: destination, tag: tag)
    }

    /// Sends bytes; returns when MPI has taken them over or they are received.
    public func send(_ bytes: [UInt8], to destination: Int, tag: Int) throws(MPIError) {
        try bytes.withBytes { buffer throws(MPIError) in try send(buffer, to: destination, tag: tag) }
    }

    /// Sends one tensor and receives another at the same time, so that neighbours can exchange without agreeing on an
    /// order.
    ///
    /// - Throws: `.messageTooLong` or `.messageTooShort` where what arrives is not of this type. Too long a message may
    ///   damage memory, as in `PendingReceive`.
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
}
