internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// Arithmetic of one or two numbers.
    static let elementwise: [String: ONNXOperator] = {
        var table: [String: ONNXOperator] = [:]
        for (name, function, versions) in [
            ("Add", BinaryFunction.add, [6, 7, 13, 14]), ("Sub", .subtract, [6, 7, 13, 14]),
            ("Mul", .multiply, [6, 7, 13, 14]), ("Div", .divide, [6, 7, 13, 14]), ("Pow", .power, [1, 7, 12, 13, 15]),
            ("And", .and, [1, 7]), ("Or", .or, [1, 7]), ("Xor", .xor, [1, 7]), ("BitwiseAnd", .bitwiseAnd, [18]),
            ("BitwiseOr", .bitwiseOr, [18]), ("BitwiseXor", .bitwiseXor, [18]),
        ] {
            table[name] = ONNXOperator(versions, inputs: 2) { node, assembly throws(ConversionError) in
                let operands = try node.broadcastOperands(&assembly)
                assembly.finish(node, .binary(Binary(function)), operands)
            }
        }
        table["PRelu"] = ONNXOperator([6, 7, 9, 16], inputs: 2) { node, assembly throws(ConversionError) in
            var slope = try node.requiredInput(1)
            if node.version < 7 {
                // One slope, or one for each channel.
                guard let shape = assembly.type(ofConstant: slope)?.shape else {
                    throw .inexpressible("with slopes that are not constant")
                }
                if shape.elementCount > 1 { slope = try assembly.aligned(node, slope, from: 1) }
            }
            assembly.finish(node, .binary(Binary(.parametricRelu)), [node.input(0), slope])
        }
        for (name, function, versions) in [
            ("Abs", UnaryFunction.absolute, [6, 13]), ("Neg", .negative, [6, 13]), ("Sign", .sign, [9, 13]),
            ("Reciprocal", .reciprocal, [6, 13]), ("Sqrt", .squareRoot, [6, 13]), ("Exp", .exponential, [6, 13]),
            ("Log", .logarithm, [6, 13]), ("Erf", .errorFunction, [9, 13]), ("Floor", .floor, [6, 13]),
            ("Ceil", .ceiling, [6, 13]), ("Round", .round, [11, 22]), ("Sin", .sine, [7, 22]),
            ("Cos", .cosine, [7, 22]), ("Tan", .tangent, [7, 22]), ("Asin", .arcSine, [7, 22]),
            ("Acos", .arcCosine, [7, 22]), ("Atan", .arcTangent, [7, 22]), ("Sinh", .hyperbolicSine, [9, 22]),
            ("Cosh", .hyperbolicCosine, [9, 22]), ("Asinh", .arcHyperbolicSine, [9, 22]),
            ("Acosh", .arcHyperbolicCosine, [9, 22]), ("Atanh", .arcHyperbolicTangent, [9, 22]),
            ("BitwiseNot", .bitwiseNot, [18]),
        ] {
            table[name] = ONNXOperator(versions, inputs: 1, convert: ONNXNode.direct(.unary(Unary(function))))
        }
        for (name, function, versions) in [
            ("Sum", BinaryFunction.add, [6, 8, 13]), ("Min", .minimum, [6, 8, 12, 13]),
            ("Max", .maximum, [6, 8, 12, 13]),
        ] {
            table[name] = ONNXOperator(versions, inputs: anyNumber) { node, assembly throws(ConversionError) in
                try chain(node, &assembly, function)
            }
        }
        table["Mean"] = ONNXOperator([6, 8, 13], inputs: anyNumber) { node, assembly throws(ConversionError) in
            let dtype = try assembly.dtype(node.requiredInput(0))
            let sum = try chained(node, &assembly, .add)
            let count = assembly.addScalar(node, "count", Double(node.inputs.count), dtype: dtype)
            assembly.finish(node, .binary(Binary(.divide)), [sum, count])
        }
        table["Mod"] = ONNXOperator([10, 13, 28], inputs: 2) { node, assembly throws(ConversionError) in
            let isRemainder = try node.flag("fmod")
            assembly.finish(node, .binary(Binary(isRemainder ? .remainder : .modulo)), node.inputs)
        }
        table["BitShift"] = ONNXOperator([11, 28], inputs: 2) { node, assembly throws(ConversionError) in
            switch try node.string("direction") {
            case "LEFT": assembly.finish(node, .binary(Binary(.shiftLeft)), node.inputs)
            case "RIGHT": assembly.finish(node, .binary(Binary(.shiftRight)), node.inputs)
            case let other: throw .malformed("the direction must be LEFT or RIGHT, not \(other ?? "absent")")
            }
        }
        return table
    }()

    /// f(f(a, b), c) ...; a single operand passes through.
    private static func chain(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ function: BinaryFunction
    ) throws(ConversionError) {
        let last = try node.requiredInput(node.inputs.count - 1)
        guard node.inputs.count > 1 else { return assembly.finish(node, .identity(Identity()), [last]) }
        let rest = try chained(node, &assembly, function, count: node.inputs.count - 1)
        assembly.finish(node, .binary(Binary(function)), [rest, last])
    }

    private static func chained(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ function: BinaryFunction, count: Int? = nil
    ) throws(ConversionError) -> ValueID {
        var result = try node.requiredInput(0)
        for index in 1..<max(count ?? node.inputs.count, 1) {
            let operand = try node.requiredInput(index)
            result = assembly.emit(node, "\(index)", .binary(Binary(function)), [result, operand])
        }
        return result
    }
}
