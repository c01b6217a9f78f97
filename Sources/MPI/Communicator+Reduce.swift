internal import CMPI
public import Tensors

extension Communicator {
    /// Replaces the elements on every rank by their reduction over all ranks. Collective; the same count everywhere.
    public func allReduce<Element: TensorElement>(
        _ elements: inout [Element], by reduction: Reduction
    ) throws(MPIError) {
        try elements.withMutableBytes { bytes throws(MPIError) in
            try allReduce(bytes, of: Element.dtype, by: reduction)
        }
    }

    /// Replaces the tensor's elements on every rank, in place, by their reduction over all ranks. Collective; dtype and
    /// shape are the same everywhere.
    ///
    /// The order of the additions is MPI's own: sums of floating point may differ in the last bits between numbers of
    /// ranks. 16-bit floating point is rounded after every addition.
    public func allReduce(_ tensor: Tensor, by reduction: Reduction) throws(MPIError) {
        defer { withExtendedLifetime(tensor.storage) {} }
        try allReduce(
            UnsafeMutableRawBufferPointer(start: tensor.pointer, count: tensor.byteCount), of: tensor.dtype,
            by: reduction)
    }

    /// Begins `allReduce` on a tensor that the caller must not use until `wait()` returns it.
    ///
    /// - Throws: also for more than 2^31 - 1 elements.
    public func beginAllReduce(_ tensor: consuming Tensor, by reduction: Reduction) throws(MPIError) -> PendingReduction
    {
        let site = site("MPI_Iallreduce")
        let count = tensor.elementCount
        guard count <= Int(largestCount) else {
            throw site.error(.misuse("\(count) elements are reduced at once, at most \(largestCount) can be"))
        }
        let call = try ReductionCall(reduction, of: tensor.dtype, site: site)
        var request = cmpi_request_null()
        try check(
            cmpi_iallreduce(
                cmpi_in_place(), tensor.pointer, Int32(count), call.datatype, call.operation, handle, &request), site)
        return PendingReduction(request: Request(request, site: site, storage: tensor.storage), tensor: tensor)
    }

    /// Replaces the root's elements by the reduction over all ranks; those of the other ranks stay. Collective; the
    /// same count everywhere.
    public func reduce<Element: TensorElement>(
        _ elements: inout [Element], by reduction: Reduction, root: Int
    ) throws(MPIError) {
        try elements.withMutableBytes { bytes throws(MPIError) in
            try reduce(bytes, of: Element.dtype, by: reduction, root: root)
        }
    }

    /// Replaces the elements of the root's tensor, in place, by the reduction over all ranks; those of the other ranks
    /// stay. Collective; dtype and shape are the same everywhere. On sums see `allReduce`.
    public func reduce(_ tensor: Tensor, by reduction: Reduction, root: Int) throws(MPIError) {
        defer { withExtendedLifetime(tensor.storage) {} }
        try reduce(
            UnsafeMutableRawBufferPointer(start: tensor.pointer, count: tensor.byteCount), of: tensor.dtype,
            by: reduction, root: root)
    }

    private func allReduce(
        _ bytes: UnsafeMutableRawBufferPointer, of dtype: DType, by reduction: Reduction
    ) throws(MPIError) {
        let site = site("MPI_Allreduce")
        let call = try ReductionCall(reduction, of: dtype, site: site)
        try pieces(of: bytes, dtype) { (piece, count) throws(MPIError) in
            try check(
                cmpi_allreduce(cmpi_in_place(), piece, count, call.datatype, call.operation, handle), site)
        }
    }

    private func reduce(
        _ bytes: UnsafeMutableRawBufferPointer, of dtype: DType, by reduction: Reduction, root: Int
    ) throws(MPIError) {
        let site = site("MPI_Reduce", peer: root)
        let call = try ReductionCall(reduction, of: dtype, site: site)
        let isRoot = rank == root
        try pieces(of: bytes, dtype) { (piece, count) throws(MPIError) in
            // Not MPI_IN_PLACE: MPICH 4.0 reads from that address when the root is not rank 0.
            let own = Storage(byteCount: isRoot ? Int(count) * dtype.byteCount : 0)
            if isRoot, let piece { own.pointer.copyMemory(from: piece, byteCount: own.byteCount) }
            let code = cmpi_reduce(
                isRoot ? UnsafeRawPointer(own.pointer) : UnsafeRawPointer(piece), isRoot ? piece : nil, count,
                call.datatype, call.operation, wireRank(root), handle)
            withExtendedLifetime(own) {}
            try check(code, site)
        }
    }

    /// The elements in ranges that MPI can count; at least one range, so that an empty reduction is a call like any
    /// other.
    private func pieces(
        of bytes: UnsafeMutableRawBufferPointer, _ dtype: DType,
        _ body: (UnsafeMutableRawPointer?, Int32) throws(MPIError) -> Void
    ) throws(MPIError) {
        let count = bytes.count / dtype.byteCount
        var done = 0
        repeat {
            let piece = min(count - done, Int(largestCount))
            try body(bytes.baseAddress.map { $0 + done * dtype.byteCount }, Int32(piece))
            done += piece
        } while done < count
    }
}
