internal import Graphs
internal import Tensors

/// Linear models and ensembles of trees of the domain ai.onnx.ml.
extension ONNXOperator {
    static let learnedModels: [String: ONNXOperator] = [
        "LinearRegressor": ONNXOperator([1], inputs: 1) { node, assembly throws(ConversionError) in
            let targets = try node.int("targets") ?? 1
            let scores = try linearScores(node, &assembly, count: targets)
            try finishScores(node, &assembly, scores, output: 0)
        },
        "LinearClassifier": ONNXOperator([1], inputs: 1...1, outputs: 1...2) {
            node, assembly throws(ConversionError) in
            // Says how the model was made.
            node.ignore("multi_class")
            let labels = try labels(node, integers: "classlabels_ints")
            let scores = try linearScores(node, &assembly, count: labels.count)
            try finishClasses(node, &assembly, scores, labels)
        },
        "TreeEnsembleRegressor": ONNXOperator([1], inputs: 1) { node, assembly throws(ConversionError) in
            let aggregate: TreeEnsemble.Aggregate
            switch try node.string("aggregate_function") ?? "SUM" {
            case "SUM": aggregate = .sum
            case "AVERAGE": aggregate = .average
            case "MIN": aggregate = .minimum
            case "MAX": aggregate = .maximum
            case let other: throw .malformed("the aggregate function '\(other)' is none that ONNX defines")
            }
            let targets = try node.requiredInt("n_targets")
            let ensemble = try node.trees(weights: "target", targetCount: targets, aggregate: aggregate)
            let scores = try treeScores(node, &assembly, ensemble)
            try finishScores(node, &assembly, scores, output: 0)
        },
        "TreeEnsembleClassifier": ONNXOperator([1], inputs: 1...1, outputs: 1...2) {
            node, assembly throws(ConversionError) in
            let labels = try labels(node, integers: "classlabels_int64s")
            let ensemble = try node.trees(weights: "class", targetCount: labels.count, aggregate: .sum)
            guard labels.count == 2 else {
                return try finishClasses(node, &assembly, treeScores(node, &assembly, ensemble), labels)
            }
            let targets = Set(ensemble.weights.map(\.target))
            if targets.count == 1 { return try finishBinary(node, &assembly, ensemble, labels) }
            guard try node.floats("base_values") == nil else {
                throw .inexpressible("with base values for two classes that both have weights")
            }
            try finishClasses(node, &assembly, treeScores(node, &assembly, ensemble), labels)
        },
    ]

    /// Labels of classes; of strings, which no tensor here has, their numbers in the list.
    private static func labels(_ node: ONNXNode, integers: String) throws(ConversionError) -> [Int64] {
        let names = try node.strings("classlabels_strings") ?? []
        let numbers = try node.unboundedInts(integers) ?? []
        let labels = numbers.isEmpty ? (0..<names.count).map { Int64($0) } : numbers
        guard labels.count >= 2 else { throw .inexpressible("with \(labels.count) classes") }
        return labels
    }

    /// x times the coefficients [count, features], plus the intercepts.
    private static func linearScores(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, count: Int
    ) throws(ConversionError) -> ValueID {
        guard let coefficients = try node.floats("coefficients"), count > 0, !coefficients.isEmpty,
            coefficients.count % count == 0
        else { throw .inexpressible("with coefficients for another number of results than \(count)") }
        let matrix = assembly.addConstant(
            node, "coefficients", Tensor(coefficients, shape: Shape([count, coefficients.count / count])))
        let transposed = assembly.transposed(node, "weights", matrix, [1, 0])
        let product = assembly.emit(
            node, "product", .matrixProduct(MatrixProduct()), [try number(node, &assembly), transposed])
        return try withBase(node, &assembly, product, try node.floats("intercepts"), count: count)
    }

    private static func treeScores(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ ensemble: TreeEnsemble
    ) throws(ConversionError) -> ValueID {
        let sums = assembly.emit(node, "sums", .treeEnsemble(ensemble), [try number(node, &assembly)])
        return try withBase(node, &assembly, sums, try node.floats("base_values"), count: ensemble.targetCount)
    }

    private static func withBase(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ value: ValueID, _ base: [Float]?, count: Int
    ) throws(ConversionError) -> ValueID {
        guard let base, !base.isEmpty else { return value }
        guard base.count == count else { throw .inexpressible("with \(base.count) base values for \(count) results") }
        return assembly.computed(node, "based", .add, value, assembly.addConstant(node, "base", Tensor(base)))
    }

    /// What a model makes of its scores at the end.
    private static func finishScores(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ scores: ValueID, output: Int
    ) throws(ConversionError) {
        let operation: Operation
        switch try node.string("post_transform") ?? "NONE" {
        case "NONE": operation = .identity(Identity())
        case "SOFTMAX": operation = .softmax(Softmax(axis: -1))
        case "LOGISTIC": operation = .unary(Unary(.sigmoid))
        case let other: throw .inexpressible("with the post_transform \(other)")
        }
        guard node.hasOutput(output) else { return }
        assembly.add(assembly.uniqueName("\(node.name)/scores"), operation, [scores], outputs: [node.outputs[output]])
    }

    /// Output 0 is the label of the class with the highest score, output 1 all scores.
    private static func finishClasses(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ scores: ValueID, _ labels: [Int64]
    ) throws(ConversionError) {
        try finishScores(node, &assembly, scores, output: 1)
        guard node.hasOutput(0) else { return }
        let axes = assembly.addConstant(node, "classAxis", [-1])
        let best = assembly.emit(
            node, "best", .reduction(Reduction(kind: .indexOfMaximum, keepsDimensions: false)), [scores, axes])
        let table = assembly.addConstant(node, "labels", Tensor(labels))
        assembly.add(node.name, .gather(Gather(axis: 0)), [table, best], outputs: [node.outputs[0]])
    }

    /// Two classes by one score s, as ONNX Runtime computes them: as chances they are 1 - s and s where no weight is
    /// negative, and -s and s otherwise.
    private static func finishBinary(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ ensemble: TreeEnsemble, _ labels: [Int64]
    ) throws(ConversionError) {
        guard ensemble.weights[0].target == 0 else { throw .inexpressible("with weights of the second class alone") }
        var ensemble = ensemble
        ensemble.targetCount = 1
        let score = try treeScores(node, &assembly, ensemble)
        let areChances = ensemble.weights.allSatisfy { $0.value >= 0 }
        let transform = try node.string("post_transform") ?? "NONE"
        guard ["NONE", "SOFTMAX", "LOGISTIC"].contains(transform) else {
            throw .inexpressible("with the post_transform \(transform)")
        }
        if node.hasOutput(1) {
            let minuend = assembly.addConstant(
                node, "minuend", Tensor(scalar: Float(areChances && transform != "LOGISTIC" ? 1 : 0)))
            let other = assembly.computed(node, "other", .subtract, minuend, score)
            let both = assembly.emit(node, "both", .concatenation(Concatenation(axis: 1)), [other, score])
            assembly.add(
                assembly.uniqueName("\(node.name)/scores"),
                transform == "LOGISTIC" ? .unary(Unary(.sigmoid)) : .identity(Identity()), [both],
                outputs: [node.outputs[1]])
        }
        guard node.hasOutput(0) else { return }
        let limit = assembly.addConstant(node, "limit", Tensor(scalar: Float(areChances ? 0.5 : 0)))
        let isSecond = assembly.emit(node, "isSecond", .comparison(Comparison(.greater)), [score, limit])
        let flat = assembly.reshaped(node, "flat", isSecond, [-1])
        let parts = labels.enumerated().map { index, label in
            assembly.addConstant(node, "label\(index)", Tensor(scalar: label))
        }
        assembly.add(node.name, .choice(Choice()), [flat, parts[1], parts[0]], outputs: [node.outputs[0]])
    }
}
