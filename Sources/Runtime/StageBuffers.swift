internal import Planning
internal import Tensors

/// Memory for what goes in and out of a stage: rings of full-size buffers that microbatches take in turn.
struct StageBuffers {
    private let rings: [[Storage]]

    /// - Parameters:
    ///   - byteCounts: of each value at a full microbatch.
    ///   - slotCounts: how many microbatches of it may be under way at once.
    init(byteCounts: [Int], slotCounts: [Int]) {
        rings = zip(byteCounts, slotCounts).map { bytes, count in (0..<count).map { _ in Storage(byteCount: bytes) } }
    }

    /// The buffer of a value for a microbatch, seen as a tensor of the type given.
    func tensor(_ index: Int, microbatch: Int, type: TensorType) -> Tensor {
        let ring = rings[index]
        return Tensor(dtype: type.dtype, shape: type.shape, storage: ring[microbatch % ring.count])
    }

    var byteCount: Int { rings.reduce(0) { $0 + $1.reduce(0) { $0 + $1.byteCount } } }
}
