internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// Truth values: what makes them, what joins them, what they choose; and changes of dtype.
    static let logic: [String: ONNXOperator] = {
        var table: [String: ONNXOperator] = [
            "Not": ONNXOperator([1], inputs: 1, convert: ONNXNode.direct(.unary(Unary(.logicalNot)))),
            "Where": ONNXOperator([9, 16], inputs: 3, convert: ONNXNode.direct(.choice(Choice()))),
            "IsNaN": ONNXOperator([9, 13, 20], inputs: 1, convert: ONNXNode.direct(.unary(Unary(.isNaN)))),
            "IsInf": ONNXOperator([10, 20], inputs: 1) { node, assembly throws(ConversionError) in
                let negative: Float = try node.flag("detect_negative", default: true) ? 1 : 0
                let positive: Float = try node.flag("detect_positive", default: true) ? 1 : 0
                assembly.finish(node, .unary(Unary(.isInfinite, alpha: negative, beta: positive)), node.inputs)
            },
            "Cast": ONNXOperator([6, 9, 13, 19, 21, 23, 24, 25, 28], inputs: 1) {
                node, assembly throws(ConversionError) in
                // Speaks of powers of two only.
                node.ignore("round_mode")
                let code = try node.requiredInt("to")
                let saturates = try node.flag("saturate", default: true)
                if let format = ElementType(code: code)?.narrow, format.canBeRoundedTo, !format.isInteger {
                    let number = assembly.cast(node, "number", try node.requiredInput(0), to: format.held)
                    return assembly.finish(node, NarrowRounding(format, saturates: saturates), number)
                }
                let target = try dtype(code: code, "to")
                assembly.finish(node, .cast(Cast(to: target)), node.inputs)
            },
            "BitCast": ONNXOperator([26], inputs: 1) { node, assembly throws(ConversionError) in
                let target = try dtype(code: node.requiredInt("to"), "to")
                assembly.finish(node, .bitCast(BitCast(to: target)), node.inputs)
            },
            "CastLike": ONNXOperator([15, 19, 21, 23, 24, 25], inputs: 2) { node, assembly throws(ConversionError) in
                node.ignore("saturate", "round_mode")
                let target = try assembly.dtype(node.requiredInput(1))
                assembly.finish(node, .cast(Cast(to: target)), [node.input(0)])
            },
        ]
        for (name, relation, versions) in [
            ("Equal", Relation.equal, [1, 7, 11, 13, 19]), ("Less", .less, [1, 7, 9, 13]),
            ("Greater", .greater, [1, 7, 9, 13]), ("LessOrEqual", .lessOrEqual, [12, 16]),
            ("GreaterOrEqual", .greaterOrEqual, [12, 16]),
        ] {
            table[name] = ONNXOperator(versions, inputs: 2) { node, assembly throws(ConversionError) in
                let operands = try node.broadcastOperands(&assembly)
                assembly.finish(node, .comparison(Comparison(relation)), operands)
            }
        }
        return table
    }()

    /// The dtype that an attribute names by its code.
    static func dtype(code: Int, _ attribute: String) throws(ConversionError) -> DType {
        guard let element = ElementType(code: code) else {
            throw .malformed("the attribute '\(attribute)' is \(code), and ONNX defines no such element type")
        }
        guard let dtype = element.dtype else { throw .inexpressible("to \(element.name)") }
        return dtype
    }
}
