import Graphs
import Tensors
import TestSupport
import Testing

@testable import Kernels

/// A product and what follows it, as one stage and as one stage for each node: the same bits for every form of product,
/// every addend, and every type of element, deep enough that a product's sum is taken in several parts.
@Suite struct EpilogueBitsTests {
    enum Form: String, CaseIterable {
        case convolution1, convolution2, convolution3, depthwise, cropping, transposed1, transposed2, transposed3
        case matrix, flowingMatrix, gemm, scaledGemm, flowingGemm, transposedGemm
    }

    enum Addend: CaseIterable {
        case none, bias, residual
    }

    private static let activations: [Unary] = [
        Unary(.relu), Unary(.leakyRelu, alpha: 0.1), Unary(.clip, alpha: -0.3, beta: 0.4), Unary(.sigmoid),
        Unary(.hardSigmoid, alpha: 0.2, beta: 0.5), Unary(.tanh), Unary(.elu, alpha: 1),
        Unary(.selu, alpha: 1.67, beta: 1.05), Unary(.celu, alpha: 0.7), Unary(.softplus), Unary(.softsign),
        Unary(.silu, alpha: 1), Unary(.hardSwish), Unary(.gelu), Unary(.geluTanh), Unary(.mish),
    ]

    @Test(arguments: Form.allCases, [DType.float32, .float64, .float16, .bfloat16])
    func sameAsNodeByNode(_ form: Form, _ dtype: DType) throws {
        var random = SplitMix(form.rawValue.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) } &+ UInt64(dtype.byteCount))
        for (number, activation) in EpilogueBitsTests.activations.enumerated() {
            for addend in Addend.allCases {
                let graph = graph(form, dtype, addend, activation, hasBias: number % 2 == 0, &random)
                let types = try graph.inputTypes(symbols: [:])
                let bound = try BoundGraph(graph, inputTypes: types, evaluate: ConstantEvaluation.evaluator)
                let inputs = Dictionary(
                    zip(graph.inputs.map(\.value), types).map { value, type in
                        (value, numbers(type, &random, isOdd: number % 4 == 3))
                    }
                ) { first, _ in first }
                let expected = try Reference.values(bound, inputs: inputs)
                let model = try CompiledModel(bound, starts: [0], pool: WorkerPool(threadCount: 1 + number % 2))
                let output = graph.outputs[0]
                #expect(
                    try model.run(inputs)[output]!.isSame(as: expected[output]!),
                    "\(form), \(dtype), \(addend), \(activation.operatorName)")
            }
        }
    }

    /// - Parameter isOdd: whether zeros of both signs, subnormal numbers, infinities and NaN are among them.
    private func numbers(_ type: TensorType, _ random: inout SplitMix, isOdd: Bool) -> Tensor {
        let odd: [Float] = [0, -0.0, 0x1p-140, -1e-7, 3e38, .infinity, -.infinity, .nan]
        let values = (0..<type.shape.elementCount).map { _ in
            isOdd && random.once(in: 400) ? random.choice(odd) : Float.random(in: -1...1, using: &random)
        }
        return .of(values, type.dtype, type.shape)
    }

    private func graph(
        _ form: Form, _ dtype: DType, _ addend: Addend, _ activation: Unary, hasBias: Bool, _ random: inout SplitMix
    ) -> Graph {
        var graph = Graph(name: form.rawValue)
        func input(_ name: String, _ shape: [Int]) -> ValueID {
            graph.addInput(named: name, dtype: dtype, dimensions: shape.map(Dimension.fixed))
        }
        func constant(_ name: String, _ shape: [Int]) -> ValueID {
            graph.addConstant(named: name, .tensor(.random(dtype, Shape(shape), in: -0.5...0.5, using: &random)))
        }
        let operation: Operation
        var operands: [ValueID?]
        let result: [Int]
        let channels = 5
        switch form {
        case .convolution1, .convolution2, .convolution3, .depthwise, .cropping:
            let rank = form == .convolution1 ? 1 : form == .convolution3 ? 3 : 2
            let pad = [Int](repeating: form == .cropping ? -1 : 1, count: rank)
            let groups = form == .depthwise ? channels : 1
            let inner = form == .depthwise ? channels : 19
            var window = SpatialWindow(rank: rank)
            window.padding = .explicit(before: pad, after: pad)
            let extents = Array([6, 7, 4].prefix(rank))
            operation = .convolution(Convolution(window: window, groups: groups))
            operands = [
                input("x", [2, inner] + extents),
                constant("w", [channels, inner / groups] + [Int](repeating: 3, count: rank)),
            ]
            if hasBias { operands.append(constant("b", [channels])) }
            result = [2, channels] + extents.map { $0 + 2 * pad[0] - 2 }
        case .transposed1, .transposed2, .transposed3:
            let rank = form == .transposed1 ? 1 : form == .transposed2 ? 2 : 3
            let extents = Array([5, 4, 3].prefix(rank))
            let zeros = [Int](repeating: 0, count: rank)
            operation = .convolutionTranspose(
                ConvolutionTranspose(window: SpatialWindow(rank: rank), outputPadding: zeros))
            operands = [
                input("x", [2, 19] + extents), constant("w", [19, channels] + [Int](repeating: 3, count: rank)),
            ]
            if hasBias { operands.append(constant("b", [channels])) }
            result = [2, channels] + extents.map { $0 + 2 }
        case .matrix, .flowingMatrix:
            operation = .matrixProduct(MatrixProduct())
            operands =
                form == .matrix
                ? [input("x", [7, 1500]), constant("w", [1500, channels])]
                : [input("x", [2, 3, 1500]), input("y", [2, 1500, channels])]
            result = form == .matrix ? [7, channels] : [2, 3, channels]
        case .gemm, .scaledGemm, .flowingGemm, .transposedGemm:
            let isTransposed = form == .transposedGemm
            operation = .gemm(
                Gemm(
                    alpha: form == .gemm ? 1 : 0.3, beta: hasBias ? 0.7 : 1, transposeA: isTransposed,
                    transposeB: isTransposed))
            let shape = isTransposed ? [channels, 1500] : [1500, channels]
            operands = [
                input("x", isTransposed ? [1500, 7] : [7, 1500]),
                form == .flowingGemm ? input("y", shape) : constant("w", shape),
            ]
            if hasBias { operands.append(constant("b", [channels])) }
            result = [7, channels]
        }
        var value = graph.addNode(named: "product", operation, operands)
        let isConvolution = operands[0].map { graph.inputs[0].value == $0 && result.count > 3 } ?? false
        switch addend {
        case .none: break
        case .bias:
            let ones = [Int](repeating: 1, count: result.count - 2)
            let row = constant("row", isConvolution ? [channels] + ones : [result[result.count - 1]])
            value = graph.addNode(named: "sum", .binary(Binary(.add)), [value, row])
        case .residual:
            value = graph.addNode(named: "sum", .binary(Binary(.add)), [input("r", result), value])
        }
        graph.outputs = [graph.addNode(named: "activation", .unary(activation), [value])]
        return graph
    }
}
