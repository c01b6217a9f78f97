internal import Graphs

extension ONNXOperator {
    static let linearAlgebra: [String: ONNXOperator] = [
        "MatMul": ONNXOperator([1, 9, 13], inputs: 2, convert: ONNXNode.direct(.matrixProduct(MatrixProduct()))),
        "Gemm": ONNXOperator([6, 7, 9, 11, 13], inputs: 2...3) { node, assembly throws(ConversionError) in
            // C broadcasts whether or not old files declare it.
            if node.version < 7 { node.ignore("broadcast") }
            let attributes = Gemm(
                alpha: try node.float("alpha", default: 1), beta: try node.float("beta", default: 1),
                transposeA: try node.flag("transA"), transposeB: try node.flag("transB"))
            assembly.finish(node, .gemm(attributes), node.inputs)
        },
        "Det": ONNXOperator([11, 22], inputs: 1, convert: ONNXNode.direct(.determinant(Determinant()))),
        "Einsum": ONNXOperator([12, 28], inputs: anyNumber) { node, assembly throws(ConversionError) in
            guard let equation = try node.string("equation") else {
                throw .malformed("the attribute 'equation' is missing")
            }
            assembly.finish(node, .einsum(Einsum(equation)), node.inputs)
        },
    ]
}
