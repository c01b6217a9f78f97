internal import Graphs
internal import Tensors

/// Operators of ONNX Runtime's own domain, which its optimiser and its quantiser write into models. They become nodes of
/// the standard's operators, which the passes and the stage's own fusion join again.
extension ONNXOperator {
    static let contributedDomain = "com.microsoft"

    static let contributed: [String: ONNXOperator] = [
        contributedBasics, contributedProducts, contributedAttention, quantizedOperators,
    ].reduce(into: [:]) { table, family in
        table.merge(family) { _, _ in preconditionFailure("one operator in two families") }
    }

    private static let contributedBasics: [String: ONNXOperator] = [
        "Gelu": ONNXOperator([1], inputs: 1, convert: ONNXNode.direct(.unary(Unary(.gelu)))),
        "QuickGelu": ONNXOperator([1], inputs: 1) { node, assembly throws(ConversionError) in
            let alpha = try node.float("alpha", default: 1.702)
            assembly.finish(node, .unary(Unary(.silu, alpha: alpha)), node.inputs)
        },
        "BiasGelu": ONNXOperator([1], inputs: 2) { node, assembly throws(ConversionError) in
            let sum = assembly.emit(node, "sum", .binary(Binary(.add)), node.inputs)
            assembly.finish(node, .unary(Unary(.gelu)), [sum])
        },
        "FastGelu": ONNXOperator([1], inputs: 1...2) { node, assembly throws(ConversionError) in
            var input: ValueID? = try node.requiredInput(0)
            if node.input(1) != nil { input = assembly.emit(node, "sum", .binary(Binary(.add)), node.inputs) }
            assembly.finish(node, .unary(Unary(.geluTanh)), [input])
        },
        "DynamicQuantizeLSTM": ONNXOperator([1], inputs: 12...12, outputs: 0...3) {
            node, assembly throws(ConversionError) in
            try dynamicQuantizeLSTM(node, &assembly)
        },
        "EmbedLayerNormalization": ONNXOperator([1], inputs: 7...9, outputs: 1...3) {
            node, assembly throws(ConversionError) in
            try embedLayerNormalization(node, &assembly)
        },
        "SkipLayerNormalization": ONNXOperator([1], inputs: 3...5, outputs: 1...4) {
            node, assembly throws(ConversionError) in
            try skipLayerNormalization(node, &assembly, subtractsMean: true)
        },
        "SkipSimplifiedLayerNormalization": ONNXOperator([1], inputs: 3...4, outputs: 1...4) {
            node, assembly throws(ConversionError) in
            try skipLayerNormalization(node, &assembly, subtractsMean: false)
        },
    ]

    /// The norm of input + skip (+ bias). Results: the norm, its two moments, the sum.
    private static func skipLayerNormalization(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, subtractsMean: Bool
    ) throws(ConversionError) {
        let epsilon = try node.float("epsilon", default: 1e-12)
        let biasIndex = subtractsMean ? 4 : 3
        guard let result = node.outputs.first ?? nil else { throw .malformed("it has no output") }
        let wantedSum = node.hasOutput(3) ? node.outputs[3] : nil
        var sum = assembly.graph.addValue(named: "\(node.name)/skip")
        let operands: [ValueID?] = [try node.requiredInput(0), try node.requiredInput(1)]
        if let bias = node.input(biasIndex) {
            assembly.add(assembly.uniqueName("\(node.name)/skip"), .binary(Binary(.add)), operands, outputs: [sum])
            let biased = wantedSum ?? assembly.graph.addValue(named: "\(node.name)/sum")
            assembly.add(
                assembly.uniqueName("\(node.name)/sum"), .binary(Binary(.add)), [sum, bias], outputs: [biased])
            sum = biased
        } else {
            sum = wantedSum ?? sum
            assembly.add(assembly.uniqueName("\(node.name)/skip"), .binary(Binary(.add)), operands, outputs: [sum])
        }
        var inputs: [ValueID?] = [sum, try node.requiredInput(2)]
        if subtractsMean, let beta = node.input(3) { inputs.append(beta) }
        var outputs: [ValueID?] = [result]
        if subtractsMean { outputs += [1, 2].map { node.hasOutput($0) ? node.outputs[$0] : nil } }
        while let last = outputs.last, last == nil { outputs.removeLast() }
        guard subtractsMean || !(node.hasOutput(1) || node.hasOutput(2)) else {
            throw .inexpressible("with its moments as outputs")
        }
        let attributes = LayerNormalization(axis: -1, epsilon: epsilon, subtractsMean: subtractsMean)
        assembly.add(node.name, .layerNormalization(attributes), inputs, outputs: outputs)
    }
}
