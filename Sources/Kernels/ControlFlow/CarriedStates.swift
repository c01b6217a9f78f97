internal import Tensors

/// The states of a loop: each iteration writes them to the memory of those before the last, so that nothing is
/// allocated while they keep their types.
struct CarriedStates {
    private(set) var values: [StageValue]
    /// Memory made here that holds the current values, and memory that held earlier ones; nil where there is none.
    private var held: [Storage?]
    private var free: [Storage?]

    init(_ values: [StageValue]) {
        self.values = values
        held = [Storage?](repeating: nil, count: values.count)
        free = held
    }

    /// Where the next value of a state is to be computed.
    mutating func buffer(_ index: Int, type: TensorType?, named name: String) throws -> Tensor? {
        guard let type else { return nil }
        // A sequence, or another state, may have kept an earlier value.
        if isKnownUniquelyReferenced(&free[index]), let storage = free[index], storage.byteCount == type.byteCount {
            return Tensor(dtype: type.dtype, shape: type.shape, storage: storage)
        }
        let tensor = try NodeRunners.tensor(type, for: name)
        free[index] = tensor.storage
        return tensor
    }

    /// Takes the next values, computed in the buffers where there were any.
    mutating func advance(to next: ArraySlice<StageValue>) {
        for (index, value) in zip(values.indices, next) {
            values[index] = value
            if let storage = free[index], value.tensor?.storage === storage {
                swap(&held[index], &free[index])
            } else {
                held[index] = nil
                free[index] = nil
            }
        }
    }
}
