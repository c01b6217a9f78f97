internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// Draws of random numbers. Where a result has another type than the draw makes, it is cast.
    static let random: [String: ONNXOperator] = {
        var table: [String: ONNXOperator] = [
            "Bernoulli": ONNXOperator([15, 22], inputs: 1) { node, assembly throws(ConversionError) in
                let dtype = try dtypeOrOperands(node, assembly)
                try draw(node, &assembly, .bernoulli, makes: .bool, as: dtype, node.inputs)
            },
            "Multinomial": ONNXOperator([7, 22], inputs: 1) { node, assembly throws(ConversionError) in
                let samples = try node.int("sample_size") ?? 1
                guard samples > 0 else { throw .malformed("sample_size is \(samples)") }
                let dtype = try dtype(node) ?? .int32
                guard dtype == .int32 || dtype == .int64 else { throw .malformed("its results are no \(dtype)") }
                try draw(node, &assembly, .multinomial(samples: samples), makes: .int64, as: dtype, node.inputs)
            },
        ]
        for isNormal in [true, false] {
            let name = isNormal ? "RandomNormal" : "RandomUniform"
            table[name] = ONNXOperator([1, 22], inputs: 0...0) { node, assembly throws(ConversionError) in
                guard let shape = try node.ints("shape") else { throw .malformed("the attribute 'shape' is missing") }
                let dtype = try dtype(node) ?? .float32
                try number(node, &assembly, isNormal: isNormal, shape: shape, dtype: dtype)
            }
            table[name + "Like"] = ONNXOperator([1, 22], inputs: 1) { node, assembly throws(ConversionError) in
                let dtype = try dtypeOrOperands(node, assembly)
                try number(node, &assembly, isNormal: isNormal, shape: nil, dtype: dtype)
            }
        }
        return table
    }()

    private static func dtype(_ node: ONNXNode) throws(ConversionError) -> DType? {
        guard let code = try node.int("dtype") else { return nil }
        guard let element = ElementType(code: code) else { throw .malformed("dtype \(code) is no type of ONNX") }
        guard let dtype = element.dtype else { throw .inexpressible("of dtype \(element.name)") }
        return dtype
    }

    private static func dtypeOrOperands(
        _ node: ONNXNode, _ assembly: GraphAssembly
    ) throws(ConversionError) -> DType {
        if let dtype = try dtype(node) { return dtype }
        return try assembly.dtype(node.requiredInput(0))
    }

    private static func number(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, isNormal: Bool, shape: [Int]?, dtype: DType
    ) throws(ConversionError) {
        guard dtype.isFloatingPoint else { throw .malformed("random numbers of \(dtype) are not defined") }
        let distribution: RandomDraw.Distribution =
            isNormal
            ? .normal(mean: try node.float("mean", default: 0), deviation: try node.float("scale", default: 1))
            : .uniform(low: try node.float("low", default: 0), high: try node.float("high", default: 1))
        let own: DType = dtype == .float64 ? .float64 : .float32
        try draw(node, &assembly, distribution, shape: shape, makes: own, as: dtype, node.inputs)
    }

    private static func draw(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ distribution: RandomDraw.Distribution, shape: [Int]? = nil,
        makes own: DType, as dtype: DType, _ inputs: [ValueID?]
    ) throws(ConversionError) {
        // What a body draws would have to differ from turn to turn.
        guard !assembly.isBody else { throw .inexpressible("inside of a loop or a branch") }
        let key = RandomDraw.key(seed: try node.unboundedFloat("seed"), node: node.name)
        let operation = Operation.randomDraw(RandomDraw(distribution, key: key, shape: shape, dtype: own))
        guard own != dtype else { return assembly.finish(node, operation, inputs) }
        let drawn = assembly.emit(node, "draw", operation, inputs)
        assembly.finish(node, .cast(Cast(to: dtype)), [drawn])
    }
}
