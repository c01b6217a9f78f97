internal import Graphs
internal import Tensors

extension ONNXOperator {
    static let normalizations: [String: ONNXOperator] = {
        var table: [String: ONNXOperator] = [
            "BatchNormalization": ONNXOperator([6, 7, 9, 14, 15], inputs: 5...5, outputs: 1...5) {
                node, assembly throws(ConversionError) in
                try batchNormalization(node, &assembly)
            },
            "InstanceNormalization": ONNXOperator([6, 22], inputs: 3) { node, assembly throws(ConversionError) in
                let epsilon = try node.float("epsilon", default: 1e-5)
                assembly.finish(node, .instanceNormalization(.init(epsilon: epsilon)), node.inputs)
            },
            "GroupNormalization": ONNXOperator([18, 21], inputs: 3) { node, assembly throws(ConversionError) in
                try checkStashType(node)
                let groups = try node.requiredInt("num_groups")
                let epsilon = try node.float("epsilon", default: 1e-5)
                assembly.finish(node, .groupNormalization(.init(groups: groups, epsilon: epsilon)), node.inputs)
            },
            // Of opset 17; ONNX Runtime's optimiser writes it into older models as well.
            "LayerNormalization": ONNXOperator([1, 17], inputs: 2...3, outputs: 1...3) {
                node, assembly throws(ConversionError) in
                try layerNormalization(node, &assembly, subtractsMean: true)
            },
            "RMSNormalization": ONNXOperator([23], inputs: 2) { node, assembly throws(ConversionError) in
                try layerNormalization(node, &assembly, subtractsMean: false)
            },
            "LpNormalization": ONNXOperator([1, 22], inputs: 1) { node, assembly throws(ConversionError) in
                try lpNormalization(node, &assembly)
            },
            "MeanVarianceNormalization": ONNXOperator([9, 13], inputs: 1) { node, assembly throws(ConversionError) in
                try meanVarianceNormalization(node, &assembly)
            },
            "LRN": ONNXOperator([1, 13], inputs: 1) { node, assembly throws(ConversionError) in
                let size = try node.requiredInt("size")
                guard size > 0 else { throw .malformed("size \(size) must be positive") }
                let attributes = LocalResponseNormalization(
                    size: size, alpha: try node.float("alpha", default: 1e-4),
                    beta: try node.float("beta", default: 0.75), bias: try node.float("bias", default: 1))
                assembly.finish(node, .localResponseNormalization(attributes), node.inputs)
            },
            "Dropout": ONNXOperator([6, 7, 10, 12, 13, 22], inputs: 1...3, outputs: 1...2) {
                node, assembly throws(ConversionError) in
                try dropout(node, &assembly)
            },
        ]
        for (name, kind) in [
            ("Softmax", Softmax.Kind.softmax), ("LogSoftmax", .logSoftmax), ("Hardmax", .hardmax),
        ] {
            table[name] = ONNXOperator([1, 11, 13], inputs: 1) { node, assembly throws(ConversionError) in
                let flattens = node.version < 13
                let axis = try node.int("axis") ?? (flattens ? 1 : -1)
                let attributes = Softmax(kind: kind, axis: axis, flattensFromAxis: flattens)
                assembly.finish(node, .softmax(attributes), node.inputs)
            }
        }
        return table
    }()

    private static func batchNormalization(
        _ node: ONNXNode, _ assembly: inout GraphAssembly
    ) throws(ConversionError) {
        let trains: Bool
        switch node.version {
        case 6: trains = try !node.flag("is_test")
        case 14...: trains = try node.flag("training_mode")
        default: trains = false
        }
        if trains, node.version >= 14 { return try trainingBatchNormalization(node, &assembly) }
        node.ignore("momentum")
        guard !trains, !(1..<5).contains(where: node.hasOutput) else { throw .inexpressible("in training mode") }
        if node.version < 9, try !node.flag("spatial", default: true) { throw .inexpressible("with spatial=0") }
        let epsilon = try node.float("epsilon", default: 1e-5)
        assembly.finish(node, .batchNormalization(.init(epsilon: epsilon)), node.inputs)
    }

    /// Normalises by the statistics of the batch, which also move the running ones.
    private static func trainingBatchNormalization(
        _ node: ONNXNode, _ assembly: inout GraphAssembly
    ) throws(ConversionError) {
        let input = try node.requiredInput(0)
        guard let rank = assembly.ranks[input] else { throw .inexpressible("in training mode, on an unknown rank") }
        let dtype = try assembly.dtype(input)
        let axes = assembly.addConstant(node, "axes", [0] + Array(2..<max(rank, 2)))
        let average = Operation.reduction(Reduction(kind: .mean, keepsDimensions: false))
        let mean = assembly.emit(node, "mean", average, [input, axes])
        let channels = assembly.addConstant(node, "channels", [-1] + [Int](repeating: 1, count: max(rank, 2) - 2))
        let spread = assembly.emit(node, "spread", .reshape(Reshape()), [mean, channels])
        let centred = assembly.emit(node, "centred", .binary(Binary(.subtract)), [input, spread])
        let squares = assembly.emit(node, "squares", .binary(Binary(.multiply)), [centred, centred])
        let variance = assembly.emit(node, "variance", average, [squares, axes])
        let share = try node.float("momentum", default: 0.9)
        let kept = assembly.addScalar(node, "kept", Double(share), dtype: dtype)
        let taken = assembly.addScalar(node, "taken", Double(1 - share), dtype: dtype)
        for (index, statistic) in [(1, mean), (2, variance)] where node.hasOutput(index) {
            let old = assembly.emit(
                node, "old\(index)", .binary(Binary(.multiply)), [try node.requiredInput(index + 2), kept])
            let new = assembly.emit(node, "new\(index)", .binary(Binary(.multiply)), [statistic, taken])
            assembly.add(
                assembly.uniqueName("\(node.name)/running\(index)"), .binary(Binary(.add)), [old, new],
                outputs: [node.outputs[index]])
        }
        let operands = [input, try node.requiredInput(1), try node.requiredInput(2), mean, variance]
        let epsilon = try node.float("epsilon", default: 1e-5)
        assembly.add(
            node.name, .batchNormalization(.init(epsilon: epsilon)), operands, outputs: [node.outputs.first ?? nil])
    }

    /// Statistics in another type than float32 would give other numbers.
    private static func checkStashType(_ node: ONNXNode) throws(ConversionError) {
        let code = try node.int("stash_type") ?? 1
        guard code == 1 else { throw .inexpressible("with stash_type \(code)") }
    }

    private static func layerNormalization(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, subtractsMean: Bool
    ) throws(ConversionError) {
        try checkStashType(node)
        let attributes = LayerNormalization(
            axis: try node.int("axis") ?? -1, epsilon: try node.float("epsilon", default: 1e-5),
            subtractsMean: subtractsMean)
        assembly.finish(node, .layerNormalization(attributes), node.inputs)
    }

    /// x / norm(x), and 0 where the norm is 0.
    private static func lpNormalization(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let input = try node.requiredInput(0)
        let p = try node.int("p") ?? 2
        guard p == 1 || p == 2 else { throw .malformed("p is \(p), and must be 1 or 2") }
        let axis = assembly.addConstant(node, "axis", [try node.int("axis") ?? -1])
        let tiny = assembly.addScalar(
            node, "tiny", Double(Float.leastNormalMagnitude), dtype: try assembly.dtype(input))
        let norm = assembly.emit(node, "norm", .reduction(Reduction(kind: p == 1 ? .l1 : .l2)), [input, axis])
        let divisor = assembly.emit(node, "divisor", .binary(Binary(.maximum)), [norm, tiny])
        assembly.finish(node, .binary(Binary(.divide)), [input, divisor])
    }

    /// As the standard's own function body has it: (x - mean) / (sqrt(mean(x^2) - mean^2) + 1e-9).
    private static func meanVarianceNormalization(
        _ node: ONNXNode, _ assembly: inout GraphAssembly
    ) throws(ConversionError) {
        let input = try node.requiredInput(0)
        let axes = assembly.addConstant(node, "axes", try node.ints("axes") ?? [0, 2, 3])
        let tiny = assembly.addScalar(node, "tiny", 1e-9, dtype: try assembly.dtype(input))
        let mean = assembly.emit(node, "mean", .reduction(Reduction(kind: .mean)), [input, axes])
        let meanSquared = assembly.emit(node, "mean_squared", .binary(Binary(.multiply)), [mean, mean])
        let squares = assembly.emit(node, "squares", .binary(Binary(.multiply)), [input, input])
        let meanOfSquares = assembly.emit(node, "mean_of_squares", .reduction(Reduction(kind: .mean)), [squares, axes])
        let variance = assembly.emit(
            node, "variance", .binary(Binary(.subtract)), [meanOfSquares, meanSquared])
        let deviation = assembly.emit(node, "deviation", .unary(Unary(.squareRoot)), [variance])
        let divisor = assembly.emit(node, "divisor", .binary(Binary(.add)), [deviation, tiny])
        let centred = assembly.emit(node, "centred", .binary(Binary(.subtract)), [input, mean])
        assembly.finish(node, .binary(Binary(.divide)), [centred, divisor])
    }

    /// Nothing is dropped when a model only runs forward; a mask, where one is asked for, keeps everything.
    private static func dropout(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        node.ignore("seed", "ratio")
        if node.version == 6, try !node.flag("is_test") { throw .inexpressible("in training mode") }
        if let training = node.input(2) {
            guard let flag = assembly.tensor(training), flag.dtype == .bool, flag.elements(of: Bool.self) == [false]
            else { throw .inexpressible("in training mode") }
        }
        let input = try node.requiredInput(0)
        guard let result = node.outputs.first ?? nil else { throw .malformed("it has no output") }
        if node.hasOutput(1), let mask = node.outputs[1] {
            let shape = assembly.emit(node, "shape", .shapeOf(ShapeOf()), [input])
            // Masks were numbers before opset 10.
            let truth =
                node.version >= 10
                ? assembly.addConstant(node, "true", Tensor(scalar: true))
                : assembly.addScalar(node, "one", 1, dtype: try assembly.dtype(input))
            assembly.add(
                "\(node.name)/mask", .constantOfShape(ConstantOfShape()), [shape, truth], outputs: [mask])
        }
        assembly.add(node.name, .identity(Identity()), [input], outputs: [result])
    }
}
