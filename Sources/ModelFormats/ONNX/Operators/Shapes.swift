internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// Shapes as numbers, and tensors made from nothing but a shape.
    static let shapes: [String: ONNXOperator] = [
        "Shape": ONNXOperator([1, 13, 15, 19, 21, 23, 24, 25], inputs: 1) { node, assembly throws(ConversionError) in
            let kind = ShapeOf.Kind.extents(start: try node.int("start") ?? 0, end: try node.int("end"))
            assembly.finish(node, .shapeOf(ShapeOf(kind)), node.inputs)
        },
        "Size": ONNXOperator(
            [1, 13, 19, 21, 23, 24, 25], inputs: 1, convert: ONNXNode.direct(.shapeOf(ShapeOf(.elementCount)))),
        "ConstantOfShape": ONNXOperator([9, 20, 21, 23, 24, 25], inputs: 1) { node, assembly throws(ConversionError) in
            var element = Tensor(scalar: Float(0))
            if let proto = try node.tensor("value") {
                guard case .tensor(let tensor) = try assembly.tensors.constant(proto), tensor.elementCount == 1 else {
                    throw .malformed("the attribute 'value' must be one element")
                }
                element = tensor.reshaped([])
            }
            let value = assembly.addConstant(node, "value", element)
            assembly.finish(node, .constantOfShape(ConstantOfShape()), [node.input(0), value])
        },
        "Range": ONNXOperator([11, 27], inputs: 3) { node, assembly throws(ConversionError) in
            let stash = try node.int("stash_type") ?? 1
            guard stash == 1 else { throw .inexpressible("with stash_type \(stash)") }
            assembly.finish(node, .arithmeticRange(ArithmeticRange()), node.inputs)
        },
        "EyeLike": ONNXOperator([9, 22], inputs: 1) { node, assembly throws(ConversionError) in
            var attributes = EyeLike(diagonal: try node.int("k") ?? 0)
            if let code = try node.int("dtype") { attributes.dtype = try dtype(code: code, "dtype") }
            assembly.finish(node, .eyeLike(attributes), node.inputs)
        },
        "Constant": ONNXOperator([1, 9, 11, 12, 13, 19, 21, 23, 24, 25], inputs: 0) {
            node, assembly throws(ConversionError) in
            guard let output = node.outputs.first ?? nil else { throw .malformed("it has no output") }
            if let proto = try node.tensor("value") { return try assembly.define(output, proto, name: node.name) }
            assembly.define(output, .tensor(try constant(node)))
        },
    ]

    private static func constant(_ node: ONNXNode) throws(ConversionError) -> Tensor {
        if let number = try node.unboundedFloat("value_float") { return Tensor(scalar: number) }
        if let numbers = try node.floats("value_floats") { return Tensor(numbers) }
        if let number = try node.unboundedInt("value_int") { return Tensor(scalar: number) }
        if let numbers = try node.unboundedInts("value_ints") { return Tensor(numbers) }
        for name in ["sparse_value", "value_string", "value_strings"] where node.has(name) {
            throw .inexpressible("of \(name)")
        }
        throw .malformed("it has no value")
    }
}
