internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// Folds over axes, running totals, and selections along an axis.
    static let reductions: [String: ONNXOperator] = {
        var table: [String: ONNXOperator] = [
            "CumSum": ONNXOperator([11, 14], inputs: 2) { node, assembly throws(ConversionError) in
                try cumulation(node, &assembly, .sum)
            },
            "CumProd": ONNXOperator([26], inputs: 2) { node, assembly throws(ConversionError) in
                try cumulation(node, &assembly, .product)
            },
            "TopK": ONNXOperator([1, 10, 11, 24], inputs: 1...2, outputs: 1...2) {
                node, assembly throws(ConversionError) in
                try topK(node, &assembly)
            },
        ]
        for (kind, versions, operandSince) in [
            (Reduction.Kind.sum, [1, 11, 13], 13), (.mean, [1, 11, 13, 18], 18), (.product, [1, 11, 13, 18], 18),
            (.maximum, [1, 11, 12, 13, 18, 20], 18), (.minimum, [1, 11, 12, 13, 18, 20], 18),
            (.l1, [1, 11, 13, 18], 18), (.l2, [1, 11, 13, 18], 18), (.sumOfSquares, [1, 11, 13, 18], 18),
            (.logOfSum, [1, 11, 13, 18, 28], 18), (.logOfSumOfExponentials, [1, 11, 13, 18, 28], 18),
        ] {
            table[kind.rawValue] = ONNXOperator(versions, inputs: 1...2) { node, assembly throws(ConversionError) in
                try reduce(node, &assembly, kind, axesAreOperand: node.version >= operandSince)
            }
        }
        for kind in [Reduction.Kind.indexOfMaximum, .indexOfMinimum] {
            table[kind.rawValue] = ONNXOperator([1, 11, 12, 13], inputs: 1) { node, assembly throws(ConversionError) in
                let axis = assembly.addConstant(node, "axis", [try node.int("axis") ?? 0])
                let attributes = Reduction(
                    kind: kind, keepsDimensions: try node.flag("keepdims", default: true),
                    selectsLast: try node.flag("select_last_index"))
                assembly.finish(node, .reduction(attributes), [node.input(0), axis])
            }
        }
        return table
    }()

    private static func reduce(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ kind: Reduction.Kind, axesAreOperand: Bool
    ) throws(ConversionError) {
        var attributes = Reduction(kind: kind, keepsDimensions: try node.flag("keepdims", default: true))
        if axesAreOperand {
            attributes.keepsAllWithoutAxes = try node.flag("noop_with_empty_axes")
            return assembly.finish(node, .reduction(attributes), node.inputs)
        }
        guard node.inputs.count == 1 else { throw .malformed("axes are an attribute before opset 18, not an operand") }
        let axes = try node.ints("axes").map { assembly.addConstant(node, "axes", $0) }
        assembly.finish(node, .reduction(attributes), [node.input(0), axes])
    }

    private static func cumulation(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ kind: Cumulation.Kind
    ) throws(ConversionError) {
        let attributes = Cumulation(
            kind: kind, isExclusive: try node.flag("exclusive"), isReversed: try node.flag("reverse"))
        assembly.finish(node, .cumulation(attributes), node.inputs)
    }

    private static func topK(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let count =
            node.version < 10
            ? assembly.addConstant(node, "k", [try node.requiredInt("k")]) : try node.requiredInput(1)
        let attributes = TopK(
            axis: try node.int("axis") ?? -1, selectsLargest: try node.flag("largest", default: true),
            isSorted: try node.flag("sorted", default: true))
        assembly.finish(node, .topK(attributes), [node.input(0), count])
    }
}
