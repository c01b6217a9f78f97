internal import Tensors

/// Memory for what goes in and out of a stage: rings of buffers that microbatches take in turn. A buffer grows when a
/// microbatch needs more than those before it.
struct StageBuffers {
    private var rings: [[Storage]]

    /// - Parameter slotCounts: by value, how many of it may be under way at once.
    init(slotCounts: [Int]) {
        rings = slotCounts.map { count in (0..<count).map { _ in Storage(byteCount: 0) } }
    }

    /// The buffer of a value for this turn, as a tensor of the given type. A tensor that still uses a buffer that had
    /// to grow keeps the old memory.
    mutating func tensor(_ index: Int, turn: Int, type: TensorType) -> Tensor {
        let slot = turn % rings[index].count
        if rings[index][slot].byteCount < type.byteCount {
            rings[index][slot] = Storage(byteCount: type.byteCount)
        }
        return Tensor(dtype: type.dtype, shape: type.shape, storage: rings[index][slot])
    }

    func slotCount(_ index: Int) -> Int { rings[index].count }

    /// Makes room for values of this size in all buffers of one value.
    mutating func reserve(_ index: Int, byteCount: Int) {
        for slot in rings[index].indices where rings[index][slot].byteCount < byteCount {
            rings[index][slot] = Storage(byteCount: byteCount)
        }
    }

    /// Makes the system provide the memory now.
    func populate() {
        for storage in rings.joined() { storage.populate() }
    }

    var byteCount: Int { rings.reduce(0) { $0 + $1.reduce(0) { $0 + $1.byteCount } } }
}
