internal import Graphs
internal import Tensors

/// Products of ONNX Runtime's own domain: with packed weights, of quantised matrices, with operands transposed.
extension ONNXOperator {
    static let contributedProducts: [String: ONNXOperator] = [
        "MatMulNBits": ONNXOperator([1], inputs: 3...6) { node, assembly throws(ConversionError) in
            try packedProduct(node, &assembly)
        },
        "FusedMatMul": ONNXOperator([1], inputs: 2) { node, assembly throws(ConversionError) in
            try fusedMatMul(node, &assembly)
        },
        "FusedConv": ONNXOperator([1], inputs: 2...4) { node, assembly throws(ConversionError) in
            try fusedConvolution(node, &assembly)
        },
        "QGemm": ONNXOperator([1], inputs: 6...9) { node, assembly throws(ConversionError) in
            try quantizedGemm(node, &assembly)
        },
        "MatMulIntegerToFloat": ONNXOperator([1], inputs: 4...7) { node, assembly throws(ConversionError) in
            try integerProduct(
                node, &assembly, left: node.requiredInput(0), leftScale: node.requiredInput(2), leftZero: node.input(4),
                rightScale: node.requiredInput(3), rightZero: node.input(5), bias: node.input(6))
        },
        "DynamicQuantizeMatMul": ONNXOperator([1], inputs: 3...5) { node, assembly throws(ConversionError) in
            let parts = (0..<3).map { assembly.graph.addValue(named: "\(node.name)/a\($0)") }
            assembly.add(
                assembly.uniqueName("\(node.name)/quantize"), .dynamicQuantizeLinear(DynamicQuantizeLinear()),
                [try node.requiredInput(0)], outputs: parts)
            try integerProduct(
                node, &assembly, left: parts[0], leftScale: parts[1], leftZero: parts[2],
                rightScale: node.requiredInput(2), rightZero: node.input(3), bias: node.input(4))
        },
    ]

    /// A product with weights that are stored as whole numbers of few bits. They become a matrix of float32 while a rank
    /// loads its stage, and the product is computed in float32, whatever accuracy_level permits.
    private static func packedProduct(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let level = try node.int("accuracy_level") ?? 0
        guard (0...4).contains(level) else { throw .inexpressible("with accuracy_level \(level)") }
        guard try node.int("weight_prepacked") ?? 0 == 0 else {
            throw .inexpressible("with weights that are packed for another processor")
        }
        let unpacking = WeightUnpacking(
            rows: try node.requiredInt("K"), columns: try node.requiredInt("N"), bits: try node.int("bits") ?? 4,
            blockSize: try node.requiredInt("block_size"))
        guard [2, 4, 8].contains(unpacking.bits) else { throw .inexpressible("with weights of \(unpacking.bits) bits") }
        guard unpacking.rows > 0, unpacking.columns > 0, unpacking.blockSize > 0 else {
            throw .malformed("K, N and block_size must be positive")
        }
        let dtype = try assembly.dtype(node.requiredInput(2))
        let isHalf = dtype == .float16 || dtype == .bfloat16
        // Rounding weights to half precision would lose bits that the file has.
        func widened(_ suffix: String, _ value: ValueID?) -> ValueID? {
            guard let value else { return nil }
            return isHalf && assembly.dtypes[value] == dtype
                ? assembly.cast(node, suffix, value, to: .float32) : value
        }
        let weights = assembly.emit(
            node, "weights", .weightUnpacking(unpacking),
            [
                try node.requiredInput(1), widened("scales", node.input(2)), widened("zeros", node.input(3)),
                node.input(4),
            ])
        var result = assembly.emit(
            node, "product", .matrixProduct(MatrixProduct()), [widened("input", try node.requiredInput(0)), weights])
        if let bias = widened("bias", node.input(5)) {
            result = assembly.computed(node, "sum", .add, result, bias)
        }
        assembly.finish(node, isHalf ? .cast(Cast(to: dtype)) : .identity(Identity()), [result])
    }

    /// alpha * A * B. First the axes between the first and the last of an operand may go to its front, then its last two
    /// may be swapped.
    private static func fusedMatMul(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let alpha = try node.float("alpha", default: 1)
        var operands: [ValueID] = []
        for (index, name) in ["A", "B"].enumerated() {
            var value = try node.requiredInput(index)
            let swaps = try node.flag("trans\(name)")
            if try node.flag("transBatch\(name)") {
                guard let rank = assembly.rank(of: value) else {
                    throw .inexpressible("with transBatch\(name) of an operand of unknown rank")
                }
                if rank > 2 {
                    let order = Array(1..<(rank - 1)) + [0, rank - 1]
                    value = assembly.transposed(
                        node, "batch\(index)", value, swaps ? order.dropLast(2) + [rank - 1, 0] : order)
                    operands.append(value)
                    continue
                }
            }
            operands.append(swaps ? assembly.swapped(node, "swapped\(index)", value) : value)
        }
        guard alpha != 1 else { return assembly.finish(node, .matrixProduct(MatrixProduct()), operands) }
        let factor = assembly.addScalar(node, "alpha", Double(alpha), dtype: try assembly.dtype(operands[0]))
        let product = assembly.emit(node, "product", .matrixProduct(MatrixProduct()), operands)
        assembly.finish(node, .binary(Binary(.multiply)), [product, factor])
    }

    /// A convolution, an addend (operand 3), an activation.
    private static func fusedConvolution(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let rank = try node.spatialRank(weights: node.requiredInput(1), assembly)
        let attributes = Convolution(window: try node.window(rank: rank), groups: try groups(node))
        var result = assembly.emit(
            node, "convolution", .convolution(attributes), [try node.requiredInput(0), node.input(1), node.input(2)])
        if let addend = node.input(3) { result = assembly.computed(node, "sum", .add, result, addend) }
        let parameters = try node.floats("activation_params") ?? []
        func parameter(_ index: Int, _ standard: Float) -> Float {
            parameters.indices.contains(index) ? parameters[index] : standard
        }
        let activation: Unary
        switch try node.string("activation") ?? "" {
        case "": return assembly.finish(node, .identity(Identity()), [result])
        case "Relu": activation = Unary(.relu)
        case "Tanh": activation = Unary(.tanh)
        case "Sigmoid": activation = Unary(.sigmoid)
        case "LeakyRelu": activation = Unary(.leakyRelu, alpha: parameter(0, 0.01))
        case "Clip":
            activation = Unary(
                .clip, alpha: parameter(0, -.greatestFiniteMagnitude), beta: parameter(1, .greatestFiniteMagnitude))
        case "HardSigmoid": activation = Unary(.hardSigmoid, alpha: parameter(0, 0.2), beta: parameter(1, 0.5))
        case let other: throw .inexpressible("with the activation '\(other)'")
        }
        assembly.finish(node, .unary(activation), [result])
    }

    /// alpha * (A - a0)(B - b0) + C in int32, which a scale makes a number, and another a quantised one.
    private static func quantizedGemm(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        var (left, right) = (try node.requiredInput(0), try node.requiredInput(3))
        if try node.flag("transA") { left = assembly.transposed(node, "left", left, [1, 0]) }
        if try node.flag("transB") { right = assembly.transposed(node, "right", right, [1, 0]) }
        var sum = assembly.emit(
            node, "product", .matMulInteger(MatMulInteger()), [left, right, node.input(2), node.input(5)])
        if let addend = node.input(6) { sum = assembly.computed(node, "sum", .add, sum, addend) }
        let number = assembly.cast(node, "number", sum, to: .float32)
        var scale = assembly.computed(
            node, "scales", .multiply, try node.requiredInput(1), try node.requiredInput(4))
        let alpha = try node.float("alpha", default: 1)
        if alpha != 1 {
            let factor = assembly.addScalar(node, "alpha", Double(alpha), dtype: .float32)
            scale = assembly.computed(node, "scale", .multiply, scale, factor)
        }
        guard let resultScale = node.input(7) else {
            return assembly.finish(node, .binary(Binary(.multiply)), [number, scale])
        }
        // One factor, and one rounding at the end, as in the products of the standard.
        let factor = assembly.computed(node, "factor", .divide, scale, resultScale)
        let scaled = assembly.computed(node, "scaled", .multiply, number, factor)
        let one = assembly.addConstant(node, "one", Tensor(scalar: Float(1)))
        let target = try assembly.dtype(left)
        assembly.finish(node, .quantizeLinear(QuantizeLinear(target: target)), [scaled, one, node.input(8)])
    }

    /// (A - a0)(B - b0) times both scales, plus a bias. B is operand 1.
    private static func integerProduct(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, left: ValueID, leftScale: ValueID, leftZero: ValueID?,
        rightScale: ValueID, rightZero: ValueID?, bias: ValueID?
    ) throws(ConversionError) {
        let sum = assembly.emit(
            node, "product", .matMulInteger(MatMulInteger()), [left, try node.requiredInput(1), leftZero, rightZero])
        let number = assembly.cast(node, "number", sum, to: .float32)
        let scale = assembly.computed(node, "scale", .multiply, leftScale, rightScale)
        guard let bias else { return assembly.finish(node, .binary(Binary(.multiply)), [number, scale]) }
        let scaled = assembly.computed(node, "scaled", .multiply, number, scale)
        assembly.finish(node, .binary(Binary(.add)), [scaled, bias])
    }
}
