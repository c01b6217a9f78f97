internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// Losses, as the sums of other operators that they are.
    static let losses: [String: ONNXOperator] = [
        "NegativeLogLikelihoodLoss": ONNXOperator([12, 13, 22], inputs: 2...3) {
            node, assembly throws(ConversionError) in
            try negativeLogLikelihood(node, &assembly, logarithms: node.requiredInput(0))
        },
        "SoftmaxCrossEntropyLoss": ONNXOperator([12, 13], inputs: 2...3, outputs: 1...2) {
            node, assembly throws(ConversionError) in
            let softmax = Operation.softmax(Softmax(kind: .logSoftmax, axis: 1))
            let scores = try node.requiredInput(0)
            let logarithms: ValueID
            if node.hasOutput(1), let output = node.outputs[1] {
                assembly.add(assembly.uniqueName("\(node.name)/log_prob"), softmax, [scores], outputs: [output])
                logarithms = output
            } else {
                logarithms = assembly.emit(node, "log_prob", softmax, [scores])
            }
            try negativeLogLikelihood(node, &assembly, logarithms: logarithms)
        },
    ]

    private enum LossReduction: String { case none, sum, mean }

    /// The negative logarithm at the class of each item, weighted by class, without the items of one class; as it is, or the
    /// sum, or the sum by the sum of the weights.
    ///
    /// - Parameter logarithms: [batch, classes, ...]; operand 1 holds the classes [batch, ...], operand 2 a weight for each.
    private static func negativeLogLikelihood(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, logarithms: ValueID
    ) throws(ConversionError) {
        let reduction = try node.word("reduction", default: LossReduction.mean)
        let dtype = try assembly.dtype(try node.requiredInput(0))
        var classes = try node.requiredInput(1)
        var ignored: ValueID?
        if let number = try node.unboundedInt("ignore_index") {
            let kind = try assembly.dtype(classes)
            let index =
                kind == .int64
                ? assembly.addConstant(node, "ignored", Tensor(scalar: number))
                : assembly.addScalar(node, "ignored", Double(number), dtype: kind)
            let zero = assembly.addScalar(node, "class", 0, dtype: kind)
            let mask = assembly.emit(node, "mask", .comparison(Comparison(.equal)), [classes, index])
            // An index of no class must not be looked up.
            classes = assembly.emit(node, "classes", .choice(Choice()), [mask, zero, classes])
            ignored = mask
        }
        var weights = node.input(2).map {
            assembly.emit(node, "weights", .gather(Gather(axis: 0)), [$0, classes])
        }
        if let ignored {
            let zero = assembly.addScalar(node, "zero", 0, dtype: dtype)
            let one = assembly.addScalar(node, "one", 1, dtype: dtype)
            weights = assembly.emit(node, "kept", .choice(Choice()), [ignored, zero, weights ?? one])
        }
        let axis = assembly.addConstant(node, "axis", [1])
        let places = assembly.emit(node, "places", .unsqueeze(Unsqueeze()), [classes, axis])
        let picked = assembly.emit(node, "picked", .gatherElements(GatherElements(axis: 1)), [logarithms, places])
        let flat = assembly.emit(node, "flat", .squeeze(Squeeze()), [picked, axis])
        let sum = Operation.reduction(Reduction(kind: .sum, keepsDimensions: false))
        let negative = Operation.unary(Unary(.negative))
        guard let weights else {
            switch reduction {
            case .none: return finishLoss(node, &assembly, negative, [flat])
            case .sum, .mean:
                let loss = assembly.emit(node, "losses", negative, [flat])
                let mean = Operation.reduction(Reduction(kind: .mean, keepsDimensions: false))
                return finishLoss(node, &assembly, reduction == .sum ? sum : mean, [loss])
            }
        }
        let loss = assembly.emit(node, "losses", negative, [flat])
        let multiply = Operation.binary(Binary(.multiply))
        guard reduction != .none else { return finishLoss(node, &assembly, multiply, [loss, weights]) }
        let weighted = assembly.emit(node, "weighted", multiply, [loss, weights])
        guard reduction == .mean else { return finishLoss(node, &assembly, sum, [weighted]) }
        let total = assembly.emit(node, "total", sum, [weighted])
        let weight = assembly.emit(node, "weight", sum, [weights])
        finishLoss(node, &assembly, .binary(Binary(.divide)), [total, weight])
    }

    /// Only the first output; the second, where there is one, is made already.
    private static func finishLoss(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ operation: Operation, _ inputs: [ValueID?]
    ) {
        assembly.add(node.name, operation, inputs, outputs: [node.outputs.first ?? nil])
    }
}
