internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// Activations, with their parameters and the standard's defaults for these.
    static let activations: [String: ONNXOperator] = {
        var table: [String: ONNXOperator] = [
            "Gelu": ONNXOperator([20], inputs: 1) { node, assembly throws(ConversionError) in
                switch try node.string("approximate") ?? "none" {
                case "none": assembly.finish(node, .unary(Unary(.gelu)), node.inputs)
                case "tanh": assembly.finish(node, .unary(Unary(.geluTanh)), node.inputs)
                case let other: throw .inexpressible("approximate '\(other)'")
                }
            },
            "Swish": ONNXOperator([24], inputs: 1) { node, assembly throws(ConversionError) in
                let (operation, operands) = try swish(node, &assembly)
                assembly.finish(node, operation, operands)
            },
            "SwiGLU": ONNXOperator([28], inputs: 2) { node, assembly throws(ConversionError) in
                let (operation, operands) = try swish(node, &assembly)
                let gate = assembly.emit(node, "gate", operation, operands)
                assembly.finish(node, .binary(Binary(.multiply)), [gate, try node.requiredInput(1)])
            },
            "Clip": ONNXOperator([6, 11, 12, 13], inputs: 1...3) { node, assembly throws(ConversionError) in
                try clip(node, &assembly)
            },
        ]
        for (name, function, versions) in [
            ("Relu", UnaryFunction.relu, [6, 13, 14]), ("Sigmoid", .sigmoid, [6, 13]), ("Tanh", .tanh, [6, 13]),
            ("Softplus", .softplus, [1, 22]), ("Softsign", .softsign, [1, 22]), ("HardSwish", .hardSwish, [14, 22]),
            ("Mish", .mish, [18, 22]),
        ] {
            table[name] = ONNXOperator(versions, inputs: 1, convert: ONNXNode.direct(.unary(Unary(function))))
        }
        for (name, function, versions, alpha, beta) in [
            ("LeakyRelu", UnaryFunction.leakyRelu, [6, 16], ("alpha", Float(0.01)), nil),
            ("Elu", .elu, [6, 22], ("alpha", 1), nil),
            (
                "Selu", .selu, [6, 22], ("alpha", 1.67326319217681884765625),
                ("gamma", Float(1.05070102214813232421875))
            ),
            ("Celu", .celu, [12, 28], ("alpha", 1), nil),
            ("HardSigmoid", .hardSigmoid, [6, 22], ("alpha", 0.2), ("beta", 0.5)),
            ("ThresholdedRelu", .thresholdedRelu, [10, 22], ("alpha", 1), nil),
            ("Shrink", .shrink, [9], ("lambd", 0.5), ("bias", 0)),
        ] {
            table[name] = ONNXOperator(versions, inputs: 1) { node, assembly throws(ConversionError) in
                var attributes = Unary(function, alpha: try node.float(alpha.0, default: alpha.1))
                if let beta { attributes.beta = try node.float(beta.0, default: beta.1) }
                assembly.finish(node, .unary(attributes), node.inputs)
            }
        }
        return table
    }()

    /// x * sigmoid(alpha * x) of operand 0: the operation, and what it takes.
    private static func swish(
        _ node: ONNXNode, _ assembly: inout GraphAssembly
    ) throws(ConversionError) -> (Operation, [ValueID]) {
        let input = try node.requiredInput(0)
        let alpha = try node.float("alpha", default: 1)
        // Here 0 means 1, and the sigmoid of 0 is a half.
        guard alpha != 0 else {
            let half = assembly.addScalar(node, "half", 0.5, dtype: try assembly.dtype(input))
            return (.binary(Binary(.multiply)), [input, half])
        }
        return (.unary(Unary(.silu, alpha: alpha == 1 ? 0 : alpha)), [input])
    }

    /// Limits from attributes (before opset 11) or operands. Constant ones that a float32 holds exactly make one
    /// function of one number, others a maximum and a minimum.
    private static func clip(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let input = try node.requiredInput(0)
        if node.version < 11 {
            let lower = try node.float("min", default: -.greatestFiniteMagnitude)
            let upper = try node.float("max", default: .greatestFiniteMagnitude)
            return assembly.finish(node, .unary(Unary(.clip, alpha: lower, beta: upper)), [input])
        }
        func limit(_ value: ValueID?, _ absent: Float) -> Float? {
            guard let value else { return absent }
            guard assembly.tensor(value)?.dtype != .float64,
                let limits = assembly.graph.constantFloats(value), limits.count == 1, limits[0].isFinite
            else { return nil }
            return limits[0]
        }
        if node.input(1) != nil || node.input(2) != nil,
            let lower = limit(node.input(1), -.greatestFiniteMagnitude),
            let upper = limit(node.input(2), .greatestFiniteMagnitude)
        {
            return assembly.finish(node, .unary(Unary(.clip, alpha: lower, beta: upper)), [input])
        }
        switch (node.input(1), node.input(2)) {
        case (nil, nil): assembly.finish(node, .identity(Identity()), [input])
        case (let lower?, nil): assembly.finish(node, .binary(Binary(.maximum)), [input, lower])
        case (nil, let upper?): assembly.finish(node, .binary(Binary(.minimum)), [input, upper])
        case (let lower?, let upper?):
            let raised = assembly.emit(node, "lower", .binary(Binary(.maximum)), [input, lower])
            assembly.finish(node, .binary(Binary(.minimum)), [raised, upper])
        }
    }
}
