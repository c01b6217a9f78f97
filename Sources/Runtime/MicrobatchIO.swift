public import Tensors

/// Where a rank gets the items of the model's inputs from.
public protocol MicrobatchSource {
    /// Fills a tensor with the items of a microbatch.
    ///
    /// - Parameters:
    ///   - input: index into `PartitionPlan.inputs`.
    ///   - tensor: of the input's type; its first axis counts the items.
    func read(input: Int, microbatch: Int, into tensor: Tensor) throws
}

/// Where a rank puts the model's outputs that its stage writes.
public protocol MicrobatchSink {
    /// Takes the outputs of a microbatch that the rank's stage writes, in the order of `PartitionPlan.outputs`.
    /// Microbatches come in order. The sink may use the tensors only until it returns.
    func write(microbatch: Int, outputs: [Tensor]) throws
}
