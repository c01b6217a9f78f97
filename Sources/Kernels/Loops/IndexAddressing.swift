internal import Tensors

/// Which element of a tensor an entry of an index tensor points to.
struct IndexAddressing: Sendable {
    private enum Kind: Sendable {
        /// One index replaces the coordinate on an axis; the others are the entry's own.
        case alongAxis(places: OuterAxes, extent: Int, stride: Int)
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
        let places = OuterAxes(extents: indices.shape.dimensions, strides: strides)
        kind = .alongAxis(places: places, extent: data[axis], stride: stride)
        count = places.count
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

    /// The first element that an entry points to, -1 where it points outside.
    @inline(__always)
    func offset(_ entry: Int, _ indices: Indices) -> Int {
        switch kind {
        case .alongAxis(let places, let extent, let stride):
            let index = indices.normalized(entry, extent: extent)
            return index < 0 || index >= extent ? -1 : places.offset(of: entry) + index * stride
        case .coordinates(let extents, let strides, let perBatch, let batchStride):
            var offset = entry / perBatch * batchStride
            for axis in extents.indices {
                let index = indices.normalized(entry * extents.count + axis, extent: extents[axis])
                guard index >= 0, index < extents[axis] else { return -1 }
                offset += index * strides[axis]
            }
            return offset
        }
    }

    /// Throws unless every entry points inside.
    func check(_ indices: Indices) throws(KernelError) {
        for entry in 0..<count where offset(entry, indices) < 0 {
            throw KernelError("entry \(entry) of the indices points outside the data")
        }
    }
}
