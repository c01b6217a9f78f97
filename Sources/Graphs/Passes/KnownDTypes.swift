internal import Tensors

/// The dtype of each value where it follows from the graph alone.
struct KnownDTypes {
    /// By `ValueID.index`.
    private var dtypes: [DType?]

    init(_ graph: Graph) {
        dtypes = [DType?](repeating: nil, count: graph.valueNames.count)
        for input in graph.inputs { dtypes[input.value.index] = input.dtype }
        for (value, constant) in graph.constants { dtypes[value.index] = constant.type.dtype }
        for node in graph.nodes {
            let operands = node.inputs.map { value in value.flatMap { dtypes[$0.index] } }
            for (index, output) in node.outputs.enumerated() {
                guard let output else { continue }
                dtypes[output.index] = node.operation.resultDType(index, operands: operands)
            }
        }
    }

    subscript(_ value: ValueID) -> DType? { dtypes[value.index] }
}
