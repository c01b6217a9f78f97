internal import CMPI
public import Tensors

extension Communicator {
    /// Begins to send the tensor's elements. Nothing may write them until the send has been waited for.
    public func beginSend(_ tensor: Tensor, to destination: Int, tag: Int) throws(MPIError) -> PendingSend {
        let request = try startSend(tensor, to: destination, tag: tag)
        let site = site("MPI_Isend", peer: destination, tag: tag)
        return PendingSend(request: Request(request, site: site, storage: tensor.storage))
    }

    /// Begins to receive a tensor into new memory.
    ///
    /// - Parameters:
    ///   - source: the sender, nil for any.
    ///   - tag: nil for any.
    ///   - allowingFewerRows: whether the message may be shorter by whole indices of the outermost axis.
    public func beginReceive(
        _ type: TensorType, from source: Int?, tag: Int?, allowingFewerRows: Bool = false
    ) throws(MPIError) -> PendingReceive {
        try beginReceive(
            into: Tensor(uninitialized: type.dtype, shape: type.shape), from: source, tag: tag,
            allowingFewerRows: allowingFewerRows)
    }

    /// Begins to receive into memory of the caller, such as a buffer that is used many times. The caller gives the
    /// tensor away: it must not be read or written before `wait()` returns it.
    public func beginReceive(
        into tensor: consuming Tensor, from source: Int?, tag: Int?, allowingFewerRows: Bool = false
    ) throws(MPIError) -> PendingReceive {
        let expectation = Expectation(tensor, allowingFewerRows: allowingFewerRows)
        let request = try startReceive(into: tensor, from: source, tag: tag)
        let site = site("MPI_Irecv", peer: source, tag: tag)
        return PendingReceive(
            request: Request(request, site: site, expectation: expectation, storage: tensor.storage), tensor: tensor)
    }

    func startSend(_ tensor: borrowing Tensor, to destination: Int, tag: Int) throws(MPIError) -> CMPIRequest {
        try startSend(tensor, 0..<tensor.byteCount, isSynchronous: false, to: destination, tag: tag)
    }

    /// - Parameters:
    ///   - bytes: the part of the tensor that the message is.
    ///   - isSynchronous: whether the send is complete only once the matching receive has been found.
    func startSend(
        _ tensor: borrowing Tensor, _ bytes: Range<Int>, isSynchronous: Bool, to destination: Int, tag: Int
    ) throws(MPIError) -> CMPIRequest {
        let call: StaticString = isSynchronous ? "MPI_Issend" : "MPI_Isend"
        let layout = try layout(byteCount: bytes.count, call)
        let data = tensor.pointer + bytes.lowerBound
        var request = cmpi_request_null()
        let (peer, wireTag) = (wireRank(destination), wireTag(tag))
        let code =
            isSynchronous
            ? cmpi_issend(data, layout.count, layout.datatype, peer, wireTag, handle, &request)
            : cmpi_isend(data, layout.count, layout.datatype, peer, wireTag, handle, &request)
        try check(code, site(call, peer: destination, tag: tag))
        return request
    }

    func startReceive(into tensor: borrowing Tensor, from source: Int?, tag: Int?) throws(MPIError) -> CMPIRequest {
        try startReceive(into: tensor, 0..<tensor.byteCount, from: source, tag: tag)
    }

    /// - Parameter bytes: the part of the tensor that the message is for.
    func startReceive(
        into tensor: borrowing Tensor, _ bytes: Range<Int>, from source: Int?, tag: Int?
    ) throws(MPIError) -> CMPIRequest {
        let layout = try layout(byteCount: bytes.count, "MPI_Irecv")
        var request = cmpi_request_null()
        try check(
            cmpi_irecv(
                tensor.pointer + bytes.lowerBound, layout.count, layout.datatype, wireSource(source), wireTag(tag),
                handle,
                &request), site("MPI_Irecv", peer: source, tag: tag))
        return request
    }
}

extension Expectation {
    /// - Precondition: only a tensor with an outermost axis can have fewer rows.
    init(_ tensor: borrowing Tensor, allowingFewerRows: Bool) {
        precondition(!allowingFewerRows || tensor.shape.rank > 0, "a scalar has no rows")
        let rowByteCount =
            allowingFewerRows ? tensor.shape.elementCount(over: 1..<tensor.shape.rank) * tensor.dtype.byteCount : nil
        self.init(byteCount: tensor.byteCount, rowByteCount: rowByteCount)
    }

    /// The part of the tensor that `received` bytes fill; all of it where fewer rows were not allowed.
    func filled(_ tensor: Tensor, received: Int) -> Tensor {
        guard let rowByteCount, received < byteCount else { return tensor }
        return tensor.slice(0..<(received / rowByteCount))
    }
}
