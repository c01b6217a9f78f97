internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// An LSTM whose products are of 8-bit integers. Operands: X, W [directions, input, 4 * hidden] and R, both
    /// transposed and quantised, then those of LSTM from B on, then scales and zero points of W and R, one for each
    /// direction. Products of quantised numbers are those of the numbers that they represent: X and the state are
    /// rounded to what 8 bits tell apart, and the rest is an LSTM.
    static func dynamicQuantizeLSTM(
        _ node: ONNXNode, _ assembly: inout GraphAssembly
    ) throws(ConversionError) {
        let recurrence = try recurrence(node, functions: ["Sigmoid", "Tanh", "Tanh"])
        guard node.input(4) == nil else { throw .inexpressible("with sequence lengths") }
        guard try !node.flag("input_forget") else { throw .inexpressible("with coupled input and forget gates") }
        var operands = node.inputs
        let quantized = (0..<3).map { assembly.graph.addValue(named: "\(node.name)/x\($0)") }
        assembly.add(
            assembly.uniqueName("\(node.name)/quantize"), .dynamicQuantizeLinear(DynamicQuantizeLinear()),
            [node.input(0)], outputs: quantized)
        operands[0] = assembly.emit(node, "dequantize", .dequantizeLinear(DequantizeLinear()), quantized)
        for (index, name) in [(1, "W"), (2, "R")] {
            let scale = try node.requiredInput(6 + 2 * index)
            let zero = node.input(7 + 2 * index)
            if let type = assembly.type(ofConstant: scale), type.shape.rank > 1 {
                throw .inexpressible("with a scale for each column of \(name)")
            }
            let weights = assembly.emit(
                node, "dequantize\(name)",
                .dequantizeLinear(DequantizeLinear(scale: QuantizationScale(axis: 0, blockSize: 0))),
                [try node.requiredInput(index), scale, zero])
            operands[index] = assembly.emit(
                node, "transpose\(name)", .transpose(Transpose(permutation: [0, 2, 1])), [weights])
        }
        operands.removeLast(4)
        assembly.finish(node, .lstm(LSTM(recurrence, roundsState: true)), operands)
    }
}
