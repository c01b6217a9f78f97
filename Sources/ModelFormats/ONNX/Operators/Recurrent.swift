internal import Graphs

extension ONNXOperator {
    static let recurrent: [String: ONNXOperator] = [
        "RNN": ONNXOperator([1, 7, 14, 22], inputs: 3...6, outputs: 0...2) { node, assembly throws(ConversionError) in
            // Results are there if they have a name, whatever the first version's attribute says.
            if node.version < 7 { node.ignore("output_sequence") }
            let recurrence = try recurrence(node, functions: ["Tanh"])
            assembly.finish(node, .rnn(RNN(recurrence)), node.inputs)
        },
        "LSTM": ONNXOperator([1, 7, 14, 22], inputs: 3...8, outputs: 0...3) { node, assembly throws(ConversionError) in
            if node.version < 7 { node.ignore("output_sequence") }
            let recurrence = try recurrence(node, functions: ["Sigmoid", "Tanh", "Tanh"])
            let isCoupled = try node.flag("input_forget")
            assembly.finish(node, .lstm(LSTM(recurrence, couplesInputAndForget: isCoupled)), node.inputs)
        },
        "GRU": ONNXOperator(
            [1, 3, 7, 14, 22], inputs: 3...6, outputs: 0...2
        ) { node, assembly throws(ConversionError) in
            if node.version < 7 { node.ignore("output_sequence") }
            let recurrence = try recurrence(node, functions: ["Sigmoid", "Tanh"])
            let resets = node.version < 3 ? false : try node.flag("linear_before_reset")
            assembly.finish(node, .gru(GRU(recurrence, resetsAfterProduct: resets)), node.inputs)
        },
    ]

    /// What the three operators have in common.
    ///
    /// - Parameter functions: of one direction, where the node names none.
    static func recurrence(_ node: ONNXNode, functions: [String]) throws(ConversionError) -> Recurrence {
        let direction = try node.word("direction", default: Recurrence.Direction.forward)
        let names =
            try node.strings("activations") ?? (0..<direction.count).flatMap { _ in functions }
        guard names.count == functions.count * direction.count else {
            throw .malformed(
                "\(names.count) activations; \(functions.count) are needed for each of \(direction.count) directions")
        }
        let clip = node.has("clip") ? try node.float("clip", default: 0) : nil
        if let clip, clip <= 0 { throw .malformed("clip \(clip) must be positive") }
        let layout = node.version < 14 ? 0 : try node.int("layout") ?? 0
        guard layout == 0 || layout == 1 else { throw .malformed("layout \(layout) is neither 0 nor 1") }
        return Recurrence(
            direction: direction, activations: try activations(node, names), clip: clip, isBatchMajor: layout == 1,
            hiddenSize: try node.int("hidden_size"))
    }

    /// Parameters are taken from the lists in the order of the functions that have such a parameter; past the end of a
    /// list a function has those of the operator of its name.
    private static func activations(
        _ node: ONNXNode, _ names: [String]
    ) throws(ConversionError) -> [RecurrentActivation] {
        var alphas = (try node.floats("activation_alpha") ?? [])[...]
        var betas = (try node.floats("activation_beta") ?? [])[...]
        var activations: [RecurrentActivation] = []
        for name in names {
            // Some exporters write the names in lower case.
            guard
                let function = RecurrentActivation.Function.allCases.first(where: {
                    $0.rawValue.lowercased() == name.lowercased()
                })
            else { throw .inexpressible("with the activation '\(name)'") }
            let standard: (alpha: Float?, beta: Float?)
            switch function {
            case .relu, .tanh, .sigmoid, .softsign, .softplus:
                activations.append(RecurrentActivation(function))
                continue
            case .affine, .scaledTanh: standard = (.nan, .nan)
            case .leakyRelu: standard = (0.01, nil)
            case .thresholdedRelu, .elu: standard = (1, nil)
            case .hardSigmoid: standard = (0.2, 0.5)
            }
            var activation = RecurrentActivation(function)
            if let alpha = standard.alpha { activation.alpha = alphas.popFirst() ?? alpha }
            if let beta = standard.beta { activation.beta = betas.popFirst() ?? beta }
            guard activation.alpha.isFinite, activation.beta.isFinite else {
                throw .malformed("the activation '\(name)' needs finite values in activation_alpha and activation_beta")
            }
            activations.append(activation)
        }
        return activations
    }
}
