internal import Graphs

/// Narrow numbers among operands: few operators mean the same where another type holds them.
extension ONNXNode {
    /// Whose results are narrow numbers where operand 0 is.
    private static let movers: Set<String> = [
        "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Gather", "Split", "Expand",
    ]
    private static let readers: Set<String> = ["QuantizeLinear", "DequantizeLinear", "Cast", "Shape", "Size"]

    /// Throws where the operator would compute with the type that holds narrow numbers.
    func checkNarrowOperands(_ assembly: GraphAssembly) throws(ConversionError) {
        for case let operand? in inputs {
            guard let format = assembly.formats[operand] else { continue }
            let passes = ONNXNode.movers.contains(operatorType) && operand == inputs[0]
            guard passes || ONNXNode.readers.contains(operatorType) else { throw .inexpressible("on \(format)") }
        }
    }

    /// Notes which results are narrow numbers, besides those that their maker has noted.
    func noteNarrowResults(_ assembly: inout GraphAssembly) {
        guard ONNXNode.movers.contains(operatorType), let operand = inputs.first ?? nil,
            let format = assembly.formats[operand]
        else { return }
        for case let output? in outputs { assembly.note(output, format) }
    }
}
