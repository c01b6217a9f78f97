internal import CMPI
public import Tensors

extension Communicator {
    /// Brings the elements of all ranks to the root. Collective; the same count on every rank.
    ///
    /// - Returns: on the root, the elements in the order of the ranks; nil elsewhere.
    public func gather<Element: TensorElement>(_ elements: [Element], root: Int) throws(MPIError) -> [Element]? {
        let site = site("MPI_Gather", peer: root)
        let layout = try layout(byteCount: elements.count * Element.dtype.byteCount, site.call)
        let isRoot = rank == root
        let gathered = try [Element](count: isRoot ? elements.count * size : 0) { buffer throws(MPIError) in
            let code = elements.withBytes { bytes in
                cmpi_gather(
                    bytes.baseAddress, buffer.baseAddress, layout.count, layout.datatype, wireRank(root), handle)
            }
            try check(code, site)
        }
        return isRoot ? gathered : nil
    }

    /// Brings bytes of all ranks, of different lengths, to the root. Collective.
    ///
    /// - Returns: on the root, the bytes of each rank; nil elsewhere.
    public func gather(bytes: [UInt8], root: Int) throws(MPIError) -> [[UInt8]]? {
        let rounds = PartRounds(
            lengths: try allGather([Int64(bytes.count)]).map { Int($0) }, largestCount: largestCount)
        let isRoot = rank == root
        var parts = isRoot ? rounds.emptyParts : []
        for round in 0..<rounds.count {
            let window = rounds.window(round: round)
            let mine = rounds.range(of: rank, round: round)
            let staging = try [UInt8](count: isRoot ? window.total : 0) { buffer throws(MPIError) in
                let code = bytes.withBytes { bytes in
                    cmpi_gatherv(
                        bytes.baseAddress.map { $0 + mine.lowerBound }, Int32(mine.count), buffer.baseAddress,
                        window.counts, window.places, cmpi_byte(), wireRank(root), handle)
                }
                try check(code, site("MPI_Gatherv", peer: root))
            }
            if isRoot { rounds.append(staging, round: round, to: &parts) }
        }
        return isRoot ? parts : nil
    }

    /// Brings the elements of all ranks to all ranks. Collective; the same count on every rank.
    ///
    /// - Returns: the elements in the order of the ranks.
    public func allGather<Element: TensorElement>(_ elements: [Element]) throws(MPIError) -> [Element] {
        let layout = try layout(byteCount: elements.count * Element.dtype.byteCount, "MPI_Allgather")
        return try [Element](count: elements.count * size) { buffer throws(MPIError) in
            let code = elements.withBytes { bytes in
                cmpi_allgather(bytes.baseAddress, buffer.baseAddress, layout.count, layout.datatype, handle)
            }
            try check(code, site("MPI_Allgather"))
        }
    }

    /// Brings bytes of all ranks, of different lengths, to all ranks. Collective.
    ///
    /// - Returns: the bytes of each rank.
    public func allGather(bytes: [UInt8]) throws(MPIError) -> [[UInt8]] {
        let rounds = PartRounds(
            lengths: try allGather([Int64(bytes.count)]).map { Int($0) }, largestCount: largestCount)
        var parts = rounds.emptyParts
        for round in 0..<rounds.count {
            let window = rounds.window(round: round)
            let mine = rounds.range(of: rank, round: round)
            let staging = try [UInt8](count: window.total) { buffer throws(MPIError) in
                let code = bytes.withBytes { bytes in
                    cmpi_allgatherv(
                        bytes.baseAddress.map { $0 + mine.lowerBound }, Int32(mine.count), buffer.baseAddress,
                        window.counts, window.places, cmpi_byte(), handle)
                }
                try check(code, site("MPI_Allgatherv"))
            }
            rounds.append(staging, round: round, to: &parts)
        }
        return parts
    }

    /// Puts the tensors of all ranks together along the outermost axis, in the order of the ranks, on every rank.
    /// Collective.
    ///
    /// - Parameters:
    ///   - tensor: this rank's part, [rows[rank], ...]; the same dtype and inner extents everywhere.
    ///   - rows: the outermost extent on each rank; nil where it is the same on all.
    /// - Returns: [sum of rows, ...].
    public func allGather(_ tensor: Tensor, rows: [Int]? = nil) throws(MPIError) -> Tensor {
        let site = site("MPI_Allgatherv")
        let shape = tensor.shape
        guard shape.rank > 0, rows == nil || (rows?.count == size && rows?[rank] == shape[0]) else {
            throw site.error(.misuse("a tensor of \(shape) cannot be gathered by rows \(rows ?? [])"))
        }
        let counts = rows ?? [Int](repeating: shape[0], count: size)
        let total = counts.reduce(0, +)
        let result = Tensor(uninitialized: tensor.dtype, shape: Shape([total] + shape.dimensions.dropFirst()))
        let rowByteCount = shape.elementCount(over: 1..<shape.rank) * tensor.dtype.byteCount
        // Counted in rows, so that the limit of 2^31 - 1 is one of rows.
        guard total <= Int(largestCount) else {
            throw site.error(.misuse("\(total) rows are gathered at once, at most \(largestCount) can be"))
        }
        let row = try MessageLayout(blocksOf: rowByteCount, site: site)
        var places: [Int32] = []  // in rows
        var place = 0
        for count in counts {
            places.append(Int32(place))
            place += count
        }
        let code = cmpi_allgatherv(
            tensor.pointer, Int32(shape[0]), result.pointer, counts.map { Int32($0) }, places, row.datatype, handle)
        withExtendedLifetime((tensor.storage, result.storage)) {}
        try check(code, site)
        return result
    }
}
