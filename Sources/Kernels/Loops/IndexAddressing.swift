internal import Tensors

/// Which element of a tensor an entry of an index tensor points to.
struct IndexAddressing: Sendable {
    private enum Kind: Sendable {
        /// One index replaces the coordinate on an axis; the others are the entry's own.
        /// Entries are taken by rows, whose own places lie a step apart.
        case alongAxis(rows: OuterAxes, rowLength: Int, step: Int, extent: Int, stride: Int)
        /// A tuple of coordinates for the axes after the batch ones.
        case coordinates(extents: [Int], strides: [Int], perBatch: Int, batchStride: Int)
    }

    private let kind: Kind
    /// Entries: single indices, or tuples.
    let count: Int
    /// Elements of the tensor that one entry points to.
    let blockCount: Int
    private let indexType: DType

    /// One index per element of `indices`, for an axis of `data`.
    init(data: Shape, indices: TensorType, axis: Int) {
        var strides = data.strides
        let stride = strides[axis]
        strides[axis] = 0
        // Axes that continue one another, as one: long rows need few divisions.
        var extents: [Int] = []
        var steps: [Int] = []
        for (extent, step) in zip(indices.shape.dimensions, strides) where extent != 1 {
            if let last = steps.last, last == step * extent {
                extents[extents.count - 1] *= extent
                steps[steps.count - 1] = step
            } else {
                extents.append(extent)
                steps.append(step)
            }
        }
        let rowLength = extents.popLast() ?? 1
        let step = steps.popLast() ?? 0
        kind = .alongAxis(
            rows: OuterAxes(extents: extents, strides: steps), rowLength: rowLength, step: step, extent: data[axis],
            stride: stride)
        count = indices.shape.elementCount
        blockCount = 1
        indexType = indices.dtype
    }

    /// Tuples along the last axis of `indices`, for the axes of `data` from `batchAxes` on.
    init(data: Shape, tuples indices: TensorType, batchAxes: Int) {
        let rank = indices.shape.rank
        let coordinates = indices.shape[rank - 1]
        let addressed = batchAxes..<(batchAxes + coordinates)
        kind = .coordinates(
            extents: Array(data.dimensions[addressed]), strides: Array(data.strides[addressed]),
            perBatch: indices.shape.elementCount(over: batchAxes..<(rank - 1)),
            batchStride: data.elementCount(over: batchAxes..<data.rank))
        count = indices.shape.elementCount(over: 0..<(rank - 1))
        blockCount = data.elementCount(over: addressed.upperBound..<data.rank)
        indexType = indices.dtype
    }

    func indices(_ pointer: UnsafeRawPointer) -> Indices { Indices(pointer, indexType) }

    /// Calls `body` with entries in turn and the first element that each points to, up to one that points outside.
    ///
    /// - Returns: the entry that points outside; nil where none does.
    @inline(__always)
    func forEach(
        in range: Range<Int>, _ indices: Indices, _ body: (_ entry: Int, _ offset: Int) -> Void
    ) -> Int? {
        switch kind {
        case .alongAxis(let rows, let rowLength, let step, let extent, let stride):
            var entry = range.lowerBound
            while entry < range.upperBound {
                let row = entry / rowLength
                let column = entry - row * rowLength
                var place = rows.offset(of: row) + column * step
                let end = min(range.upperBound, (row + 1) * rowLength)
                while entry < end {
                    let index = indices.normalized(entry, extent: extent)
                    guard index >= 0, index < extent else { return entry }
                    body(entry, place &+ index &* stride)
                    place &+= step
                    entry &+= 1
                }
            }
        case .coordinates(let extents, let strides, let perBatch, let batchStride):
            return extents.withUnsafeBufferPointer { extents in
                strides.withUnsafeBufferPointer { strides in
                    let axes = extents.count
                    var left = range.isEmpty ? 0 : perBatch - range.lowerBound % perBatch
                    var start = range.isEmpty ? 0 : range.lowerBound / perBatch * batchStride
                    for entry in range {
                        if left == 0 {
                            left = perBatch
                            start += batchStride
                        }
                        left -= 1
                        var offset = start
                        for axis in 0..<axes {
                            let extent = extents[axis]
                            let index = indices.normalized(entry &* axes &+ axis, extent: extent)
                            guard index >= 0, index < extent else { return entry }
                            offset &+= index &* strides[axis]
                        }
                        body(entry, offset)
                    }
                    return nil
                }
            }
        }
        return nil
    }

    /// What is wrong with an entry that points outside.
    func error(_ entry: Int) -> KernelError {
        let indicesPerEntry =
            switch kind {
            case .alongAxis: 1
            case .coordinates(let extents, _, _, _): extents.count
            }
        return KernelError(
            "entry \(entry) of the indices points outside the data", element: entry * indicesPerEntry)
    }

    /// Throws unless every entry points inside.
    func check(_ indices: Indices) throws(KernelError) {
        if let entry = forEach(in: 0..<count, indices, { _, _ in }) { throw error(entry) }
    }
}
