import MPI
import Tensors

let collectiveCases: [ProbeCase] = [
    ("barrier", barrier), ("broadcast", broadcast), ("reduce", reduce), ("reduce-halves", reduceHalves),
    ("gather", gather), ("gather-tensors", gatherTensors), ("scatter", scatter), ("all-to-all", allToAll),
]

/// Element `index` of rank `rank`, small enough for sums in any dtype.
private func value(_ rank: Int, _ index: Int) -> Int { (rank * 7 + index * 3) % 11 }

/// Bytes of a length that depends on the rank; rank 1 has none.
private func part(_ rank: Int, _ other: Int = 0) -> [UInt8] {
    (0..<(rank == 1 ? 0 : 60 * rank + 13 * other + 5)).map { UInt8(truncatingIfNeeded: $0 + rank * 31 + other * 5) }
}

private func barrier(_ probe: Probe) throws {
    try probe.world.barrier()
    var pending = try probe.world.beginBarrier()
    while !pending.test() {}
    try pending.wait()
    try probe.world.beginBarrier().wait { false }
    // No rank passes while one is missing.
    if probe.size > 1 {
        var pending = PendingOrNone.none
        if probe.rank != 0 {
            pending = .some(try probe.world.beginBarrier())
            let isThrough = pending.test()
            probe.expect(!isThrough, "a barrier without rank 0")
            try probe.world.send([UInt8](), to: 0, tag: 1)
        } else {
            for _ in 1..<probe.size { _ = try probe.world.receiveBytes(from: nil, tag: 1) }
            pending = .some(try probe.world.beginBarrier())
        }
        try pending.wait()
    }
}

private enum PendingOrNone: ~Copyable {
    case none
    case some(PendingBarrier)

    mutating func test() -> Bool {
        switch consume self {
        case .none:
            self = .none
            return false
        case .some(var pending):
            let isThrough = pending.test()
            self = .some(pending)
            return isThrough
        }
    }

    consuming func wait() throws(MPIError) {
        switch consume self {
        case .none: break
        case .some(let pending): try pending.wait()
        }
    }
}

private func broadcast(_ probe: Probe) throws {
    for communicator in try probe.worldAndPieces() {
        for root in 0..<probe.size {
            let tensor = pattern(probe.rank, count: 333)
            try communicator.broadcast(tensor, root: root)
            probe.expectEqual(tensor.elements(of: Float.self), pattern(root, count: 333).elements(), "root \(root)")
            let bytes = try communicator.broadcast(part(probe.rank, 2), root: root)
            probe.expectEqual(bytes, part(root, 2), "bytes of root \(root)")
        }
    }
}

private func reduce(_ probe: Probe) throws {
    for communicator in try probe.worldAndPieces() {
        for count in [0, 1, 350] {
            try check([Float].self) { Float($0) }
            try check([Double].self) { Double($0) }
            try check([Int64].self) { Int64($0) - 4 }
            try check([Int8].self) { Int8($0) - 4 }
            try check([UInt16].self) { UInt16($0) }
            try check([Int32].self) { Int32($0) * 100_000 }

            func check<Element: TensorElement & Comparable & AdditiveArithmetic>(
                _ type: [Element].Type, _ convert: (Int) -> Element
            ) throws {
                let mine = (0..<count).map { convert(value(probe.rank, $0)) }
                for reduction in Reduction.allCases {
                    let expected = (0..<count).map { index in
                        let all = (0..<probe.size).map { convert(value($0, index)) }
                        return switch reduction {
                        case .sum: all.reduce(.zero, +)
                        case .minimum: all.min()!
                        case .maximum: all.max()!
                        }
                    }
                    let what = "\(reduction) of \(count) \(Element.self)"
                    var elements = mine
                    try communicator.allReduce(&elements, by: reduction)
                    probe.expectEqual(elements, expected, "all \(what)")
                    let tensor = Tensor(mine)
                    try communicator.allReduce(tensor, by: reduction)
                    probe.expectEqual(tensor.elements(), expected, "tensor \(what)")
                    if count <= 100 || communicator === probe.world {
                        var pending = try communicator.beginAllReduce(Tensor(mine), by: reduction)
                        _ = pending.test()
                        probe.expectEqual(try pending.wait().elements(), expected, "pending \(what)")
                    }
                    let root = probe.size - 1
                    elements = mine
                    try communicator.reduce(&elements, by: reduction, root: root)
                    probe.expectEqual(elements, probe.rank == root ? expected : mine, "to the root \(what)")
                    let single = Tensor(mine)
                    try communicator.reduce(single, by: reduction, root: root)
                    probe.expectEqual(single.elements(), probe.rank == root ? expected : mine, "tensor to root \(what)")
                }
            }
        }
    }
    let error = probe.expectError("a sum of booleans") { () throws(MPIError) in
        try probe.world.allReduce(Tensor([true]), by: .sum)
    }
    probe.expect("\(error)".contains("booleans have no sum"), "\(error)")
    let flag = Tensor([probe.rank == 0])
    try probe.world.allReduce(flag, by: .maximum)
    probe.expectEqual(flag.elements(), [true], "or")
}

/// Small whole numbers are exact in 16 bits, so the order of the additions does not matter.
private func reduceHalves(_ probe: Probe) throws {
    for communicator in try probe.worldAndPieces() {
        for (dtype, encode): (DType, (Int) -> UInt16) in [
            (.bfloat16, { UInt16(Float($0).bitPattern >> 16) }), (.float16, { Float16($0).bitPattern }),
        ] {
            for reduction in Reduction.allCases {
                let bits = (0..<350).map { encode(value(probe.rank, $0) - 3) }
                let words = Tensor(bits)
                let tensor = Tensor(dtype: dtype, shape: [350], storage: words.storage)
                try communicator.allReduce(tensor, by: reduction)
                let expected = (0..<350).map { index in
                    let all = (0..<probe.size).map { value($0, index) - 3 }
                    return switch reduction {
                    case .sum: encode(all.reduce(0, +))
                    case .minimum: encode(all.min()!)
                    case .maximum: encode(all.max()!)
                    }
                }
                probe.expectEqual(words.elements(), expected, "\(reduction) of \(dtype)")
            }
        }
    }
}

private func gather(_ probe: Probe) throws {
    for communicator in try probe.worldAndPieces() {
        let mine = (0..<50).map { Int32(value(probe.rank, $0)) }
        let all = (0..<probe.size).flatMap { rank in (0..<50).map { Int32(value(rank, $0)) } }
        probe.expectEqual(try communicator.allGather(mine), all, "all gathered")
        for root in 0..<probe.size {
            let isRoot = probe.rank == root
            probe.expectEqual(try communicator.gather(mine, root: root), isRoot ? all : nil, "gathered at \(root)")
            probe.expectEqual(
                try communicator.gather(bytes: part(probe.rank), root: root),
                isRoot ? (0..<probe.size).map { part($0) } : nil, "bytes gathered at \(root)")
        }
        probe.expectEqual(
            try communicator.allGather(bytes: part(probe.rank)), (0..<probe.size).map { part($0) }, "bytes of all")
        probe.expectEqual(
            try communicator.allGather(bytes: []), (0..<probe.size).map { _ in [] }, "nothing of all")
    }
}

private func gatherTensors(_ probe: Probe) throws {
    for communicator in try probe.worldAndPieces() {
        // [rank + 1, 4, 2], then the same rows everywhere.
        for rows in [(0..<probe.size).map { $0 + 1 }, nil] {
            let mine = rows?[probe.rank] ?? 2
            let tensor = pattern(probe.rank, count: mine * 8).reshaped([mine, 4, 2])
            let all = try communicator.allGather(tensor, rows: rows)
            let counts = rows ?? [Int](repeating: 2, count: probe.size)
            probe.expectEqual(all.shape, [counts.reduce(0, +), 4, 2], "the shape")
            probe.expectEqual(
                all.elements(of: Float.self),
                counts.enumerated().flatMap { pattern($0.offset, count: $0.element * 8).elements(of: Float.self) },
                "the elements")
        }
    }
    let error = probe.expectError("other rows") { () throws(MPIError) in
        _ = try probe.world.allGather(pattern(0, count: 4), rows: [Int](repeating: 5, count: probe.size))
    }
    probe.expect("\(error)".contains("a tensor of 4 cannot be gathered by rows [5"), "\(error)")
}

private func scatter(_ probe: Probe) throws {
    for communicator in try probe.worldAndPieces() {
        for root in 0..<probe.size {
            let all = probe.rank == root ? (0..<(probe.size * 40)).map { Double($0 + root) } : []
            probe.expectEqual(
                try communicator.scatter(all, count: 40, root: root),
                (0..<40).map { Double($0 + root + probe.rank * 40) }, "the share from \(root)")
            let parts = probe.rank == root ? (0..<probe.size).map { part($0, root) } : []
            probe.expectEqual(
                try communicator.scatter(bytes: parts, root: root), part(probe.rank, root), "the part from \(root)")
        }
    }
}

private func allToAll(_ probe: Probe) throws {
    for communicator in try probe.worldAndPieces() {
        let elements = (0..<probe.size).flatMap { peer in (0..<45).map { Float(probe.rank * 100 + peer) + Float($0) } }
        probe.expectEqual(
            try communicator.allToAll(elements),
            (0..<probe.size).flatMap { peer in (0..<45).map { Float(peer * 100 + probe.rank) + Float($0) } }, "all")
        probe.expectEqual(
            try communicator.allToAll(bytes: (0..<probe.size).map { part(probe.rank, $0) }),
            (0..<probe.size).map { part($0, probe.rank) }, "the bytes")
    }
}
