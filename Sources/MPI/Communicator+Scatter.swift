internal import CMPI
public import Tensors

extension Communicator {
    /// Sends each rank its share of the root's elements. Collective.
    ///
    /// - Parameters:
    ///   - elements: on the root, `count` for each rank in the order of the ranks; ignored elsewhere.
    ///   - count: elements for each rank, the same everywhere.
    public func scatter<Element: TensorElement>(
        _ elements: [Element], count: Int, root: Int
    ) throws(MPIError) -> [Element] {
        let site = site("MPI_Scatter", peer: root)
        guard rank != root || elements.count == count * size else {
            throw site.error(.misuse("\(elements.count) elements for \(size) ranks with \(count) each"))
        }
        let layout = try layout(byteCount: count * Element.dtype.byteCount, site.call)
        return try [Element](count: count) { buffer throws(MPIError) in
            let code = elements.withBytes { bytes in
                cmpi_scatter(
                    bytes.baseAddress, buffer.baseAddress, layout.count, layout.datatype, wireRank(root), handle)
            }
            try check(code, site)
        }
    }

    /// Sends each rank its part of the root's bytes; the parts may have different lengths. Collective.
    ///
    /// - Parameter parts: on the root, one for each rank; ignored elsewhere.
    public func scatter(bytes parts: [[UInt8]], root: Int) throws(MPIError) -> [UInt8] {
        let site = site("MPI_Scatterv", peer: root)
        let isRoot = rank == root
        guard !isRoot || parts.count == size else {
            throw site.error(.misuse("\(parts.count) parts for \(size) ranks"))
        }
        let lengths = Tensor(isRoot ? parts.map { Int64($0.count) } : [Int64](repeating: 0, count: size))
        try broadcast(lengths, root: root)
        let rounds = PartRounds(
            lengths: lengths.elements(of: Int64.self).map { Int($0) }, largestCount: largestCount)
        var result: [UInt8] = []
        for round in 0..<rounds.count {
            let window = rounds.window(round: round)
            let staging = isRoot ? rounds.staging(of: parts, round: round) : []
            let count = rounds.range(of: rank, round: round).count
            result += try [UInt8](count: count) { buffer throws(MPIError) in
                let code = staging.withBytes { bytes in
                    cmpi_scatterv(
                        bytes.baseAddress, window.counts, window.places, buffer.baseAddress, Int32(count), cmpi_byte(),
                        wireRank(root), handle)
                }
                try check(code, site)
            }
        }
        return result
    }

    /// Every rank sends every rank a share of its elements. Collective; the same count everywhere.
    ///
    /// - Parameter elements: the same number for each rank, in the order of the ranks.
    /// - Returns: what each rank had for this one, in the order of the ranks.
    public func allToAll<Element: TensorElement>(_ elements: [Element]) throws(MPIError) -> [Element] {
        let site = site("MPI_Alltoall")
        guard elements.count % size == 0 else {
            throw site.error(.misuse("\(elements.count) elements cannot be shared evenly by \(size) ranks"))
        }
        let layout = try layout(byteCount: elements.count / size * Element.dtype.byteCount, site.call)
        return try [Element](count: elements.count) { buffer throws(MPIError) in
            let code = elements.withBytes { bytes in
                cmpi_alltoall(bytes.baseAddress, buffer.baseAddress, layout.count, layout.datatype, handle)
            }
            try check(code, site)
        }
    }

    /// Every rank sends every rank some bytes, of different lengths. Collective.
    ///
    /// - Parameter parts: one for each rank.
    /// - Returns: what each rank had for this one.
    public func allToAll(bytes parts: [[UInt8]]) throws(MPIError) -> [[UInt8]] {
        let site = site("MPI_Alltoallv")
        guard parts.count == size else { throw site.error(.misuse("\(parts.count) parts for \(size) ranks")) }
        let outLengths = parts.map(\.count)
        let inLengths = try allToAll(outLengths.map { Int64($0) }).map { Int($0) }
        // All ranks make the same number of rounds.
        var largest = [Int64(outLengths.max() ?? 0), Int64(max(outLengths.reduce(0, +), inLengths.reduce(0, +)))]
        try allReduce(&largest, by: .maximum)
        let outgoing = PartRounds(
            lengths: outLengths, longest: Int(largest[0]), total: Int(largest[1]), largestCount: largestCount)
        let incoming = PartRounds(
            lengths: inLengths, longest: Int(largest[0]), total: Int(largest[1]), largestCount: largestCount)
        var result = incoming.emptyParts
        for round in 0..<outgoing.count {
            let staging = outgoing.staging(of: parts, round: round)
            let out = outgoing.window(round: round)
            let into = incoming.window(round: round)
            let received = try [UInt8](count: into.total) { buffer throws(MPIError) in
                let code = staging.withBytes { bytes in
                    cmpi_alltoallv(
                        bytes.baseAddress, out.counts, out.places, buffer.baseAddress, into.counts, into.places,
                        cmpi_byte(), handle)
                }
                try check(code, site)
            }
            incoming.append(received, round: round, to: &result)
        }
        return result
    }
}
