import Graphs
import Tensors

extension AxisCase {
    private static let window = SpatialWindow(
        strides: [2, 1], dilations: [1, 2], padding: .explicit(before: [1, 2], after: [1, 0]))
    private static let silu = Unary(.silu)

    static let products: [AxisCase] = [
        AxisCase(
            "Conv", .convolution(Convolution(window: window)),
            [.floats([2, 4, 7, 6]), .floats([3, 4, 3, 2]), .floats([3])],
            ["0 r w2 w3", "1 r r r", "1"], slack: 1),
        AxisCase(
            "Conv of one cell", .convolution(Convolution(window: SpatialWindow(rank: 2))),
            [.floats([2, 4, 3, 5]), .floats([3, 4, 1, 1])], ["0 r 2 3", "1 r r r"]),
        AxisCase(
            "Conv in groups",
            .convolution(
                Convolution(
                    window: SpatialWindow(strides: [2], dilations: [1], padding: .sameUpper), groups: 2)),
            [.floats([2, 4, 9]), .floats([6, 2, 3])], ["0 w1 w2", "1 r r"]),
        AxisCase(
            "Conv by channel", .convolution(Convolution(window: SpatialWindow(rank: 1), groups: 3)),
            [.floats([2, 3, 6]), .floats([3, 1, 2])], ["0 1 w2", "1 r r"]),
        AxisCase(
            "Conv with residual and activation",
            .convolution(Convolution(window: SpatialWindow(rank: 2), activation: silu)),
            [.floats([2, 4, 3, 5]), .floats([3, 4, 2, 2]), .floats([3]), .floats([2, 3, 2, 4])],
            ["0 r w2 w3", "1 r r r", "1", "0 1 2 3"]),
        AxisCase(
            "ConvTranspose",
            .convolutionTranspose(
                ConvolutionTranspose(
                    window: SpatialWindow(
                        strides: [2, 1], dilations: [1, 1], padding: .explicit(before: [1, 0], after: [1, 1])),
                    outputPadding: [1, 0], activation: silu)),
            [.floats([2, 4, 3, 5]), .floats([4, 3, 3, 2]), .floats([3])], ["0 r w2 w3", "r 1 r r", "1"]),
        AxisCase(
            "ConvTranspose in groups, with gaps",
            .convolutionTranspose(
                ConvolutionTranspose(
                    window: SpatialWindow(
                        strides: [3], dilations: [1], padding: .explicit(before: [0], after: [0])), groups: 2,
                    outputPadding: [0])),
            [.floats([2, 4, 3]), .floats([4, 3, 2])], ["0 w1 w2", "w1 w1 r"], slack: 1),
        AxisCase(
            "DeformConv", .deformableConvolution(DeformableConvolution(window: SpatialWindow(rank: 2))),
            [
                .floats([2, 2, 4, 5]), .floats([3, 2, 2, 2]), .floats([2, 8, 3, 4]), .floats([3]),
                .floats([2, 4, 3, 4]),
            ], ["0 r g g", "1 r r r", "0 r 2 3", "1", "0 r 2 3"], hides: true),
        AxisCase(
            "MatMul", .matrixProduct(MatrixProduct()), [.floats([2, 3, 4]), .floats([4, 5])], ["0 1 r", "r 2"]),
        AxisCase(
            "MatMul of stacks", .matrixProduct(MatrixProduct()), [.floats([2, 1, 3, 4]), .floats([5, 4, 2])],
            ["0 s 2 r", "1 r 3"]),
        AxisCase(
            "vector times matrices", .matrixProduct(MatrixProduct()), [.floats([4]), .floats([2, 4, 3])],
            ["r", "0 r 1"]),
        AxisCase(
            "matrices times vector", .matrixProduct(MatrixProduct()), [.floats([2, 3, 4]), .floats([4])],
            ["0 1 r", "r"]),
        AxisCase(
            "MatMul with bias, residual and activation", .matrixProduct(MatrixProduct(activation: silu)),
            [.floats([3, 4]), .floats([4, 5]), .floats([5]), .floats([3, 5])], ["0 r", "r 1", "1", "0 1"],
            constants: [1, 2]),
        AxisCase(
            "Gemm", .gemm(Gemm(transposeA: true, transposeB: true, activation: silu)),
            [.floats([4, 3]), .floats([5, 4]), .floats([3, 1])], ["r 0", "1 r", "0 s"]),
        AxisCase(
            "Einsum", .einsum(Einsum("bhwc,hkc->bhwk")), [.floats([2, 3, 4, 2]), .floats([3, 5, 2])],
            [
                "0 1 2 r", "1 3 r",
            ]),
        AxisCase("Einsum along a diagonal", .einsum(Einsum("bii->ib")), [.floats([2, 3, 3])], ["1 0 0"]),
        AxisCase("Det", .determinant(Determinant()), [.floats([2, 3, 3])], ["0 r r"]),
        AxisCase(
            "CausalConvWithState", .causalConvolution(CausalConvolution(appliesSilu: true)),
            [.floats([2, 3, 5]), .floats([3, 1, 4]), .floats([3]), .floats([2, 3, 3])],
            ["0 1 w2", "1 s r", "1", "0 1 w2"], ["0 1 w2", "-", "-", "0 1 w2"]),
        AxisCase(
            "CausalConvWithState shorter than its kernel", .causalConvolution(CausalConvolution()),
            [.floats([2, 3, 1]), .floats([3, 1, 4]), .absent, .floats([2, 3, 3])],
            ["0 1 w2", "1 s r", ".", "0 1 w2"], ["0 1 w2", "-", ".", "0 1 w2"], hides: true),
    ]

    static let attention: [AxisCase] = [
        AxisCase(
            "Attention", .attention(Attention()),
            [.floats([2, 4, 3, 5]), .floats([2, 2, 6, 5]), .floats([2, 2, 6, 7])], ["0 1 2 r", "0 w1 r r", "0 w1 r 3"],
            ["-", "0 1 2 3", "-"], ["-", "-", "0 1 2 3"], ["0 1 2 r", "0 w1 3 r", "-"]),
        AxisCase(
            "Attention with past and mask", .attention(Attention(softcap: 5, scores: .masked)),
            [
                .floats([2, 2, 3, 5]), .floats([2, 2, 4, 5]), .floats([2, 2, 4, 3]), .floats([3, 6]),
                .floats([2, 2, 2, 5]), .floats([2, 2, 2, 3]),
            ], ["0 1 2 r", "0 1 r r", "0 1 r 3", "2 r", "0 1 r r", "0 1 r 3"],
            ["-", "0 1 w2 3", "-", "-", "0 1 2 3", "-"], ["-", "-", "0 1 w2 3", "-", "-", "0 1 2 3"],
            ["0 1 2 r", "0 1 w3 r", "-", "2 3", "0 1 3 r", "-"]),
        AxisCase(
            "Attention, its probabilities", .attention(Attention(scores: .probabilities)),
            [.floats([2, 2, 3, 4]), .floats([1, 2, 3, 4]), .floats([2, 2, 3, 4]), .floats([2, 1, 1, 3])],
            ["0 1 2 r", "s 1 r r", "0 1 r 3", "0 s s r"], ["-", "s 1 2 3", "-", "-"], ["-", "-", "0 1 2 3", "-"],
            ["0 1 2 r", "s 1 r r", "-", "0 s s r"]),
        AxisCase(
            "Attention, flat", .attention(Attention(queryHeads: 4, keyHeads: 2)),
            [.floats([2, 3, 8]), .floats([2, 5, 4]), .floats([2, 5, 6])], ["0 1 w2", "0 r w2", "0 r w2"],
            ["-", "0 2 w1", "-"], ["-", "-", "0 2 w1"], ["0 2 w1", "0 3 w1", "-"], slack: 2),
        AxisCase(
            "Attention, flat, a head each", .attention(Attention(queryHeads: 2, keyHeads: 2, isCausal: true)),
            [
                .floats([2, 3, 4]), .floats([2, 3, 4]), .floats([2, 3, 6]), .absent, .absent, .absent,
                .integers([2, 3]),
            ],
            ["0 1 w2", "0 r w2", "0 r 2", ".", ".", ".", "0"], ["-", "0 2 w1", "-"], ["-", "-", "0 2 w1"],
            ["0 2 w1", "0 3 w1", "-"], hides: true),
        AxisCase(
            "Attention as linear layers leave it", .attention(sequenceFirst),
            [
                .floats([2, 3, 2, 5]), .floats([2, 6, 2, 5]), .floats([2, 6, 2, 4]),
            ], ["0 1 2 r", "0 r 2 r", "0 r 2 3"], ["-", "0 2 1 3", "-"], ["-", "-", "0 2 1 3"],
            ["0 2 1 r", "0 3 1 r", "-"]),
        AxisCase(
            "RotaryEmbedding", .rotaryEmbedding(RotaryEmbedding()),
            [.floats([2, 3, 4, 6]), .floats([5, 3]), .floats([5, 3]), .indices([2, 4], below: 5)],
            ["0 1 2 o", "g o", "g o", "0 2"]),
        AxisCase(
            "RotaryEmbedding, flat", .rotaryEmbedding(RotaryEmbedding(isInterleaved: true, heads: 2)),
            [.floats([2, 3, 8]), .floats([1, 3, 2]), .floats([1, 3, 2])], ["0 1 w2", "s 1 o", "s 1 o"], hides: true),
        AxisCase(
            "LinearAttention",
            .linearAttention(LinearAttention(queryHeads: 4, keyHeads: 2, decays: true, corrects: true)),
            [
                .floats([2, 3, 8]), .floats([2, 3, 4]), .floats([2, 3, 6]), .floats([2, 2, 2, 3]), .floats([2, 3, 4]),
                .floats([2, 3, 2]),
            ], ["0 1 w2", "0 w1 w2", "0 w1 w2", "0 w2 r w2", "0 w1 w2", "0 w1 w2"],
            ["-", "0 r w1", "0 r w1", "0 1 r 3", "0 r w1", "0 r 1"], slack: 2),
        AxisCase(
            "LinearAttention that only adds",
            .linearAttention(LinearAttention(queryHeads: 2, keyHeads: 2, decays: false, corrects: false)),
            [.floats([2, 3, 4]), .floats([2, 3, 4]), .floats([2, 3, 6]), .floats([2, 2, 2, 3])],
            ["0 1 w2", "0 w1 w2", "0 w1 w2", "0 w2 r w2"], ["-", "0 r w1", "0 r w1", "0 1 2 3"], slack: 2),
    ]

    private static let sequenceFirst: Attention = {
        var attention = Attention()
        (attention.queryLayout, attention.keyLayout, attention.valueLayout, attention.outputLayout) =
            (.sequenceFirst, .sequenceFirst, .sequenceFirst, .sequenceFirst)
        return attention
    }()

    static let recurrent: [AxisCase] = [
        AxisCase(
            "LSTM", .lstm(LSTM(Recurrence(direction: .bidirectional, activations: both([.sigmoid, .tanh, .tanh])))),
            [
                .floats([3, 2, 4]), .floats([2, 20, 4]), .floats([2, 20, 5]), .floats([2, 40]), .lengths([3, 2]),
                .floats([2, 2, 5]), .floats([2, 2, 5]), .floats([2, 15]),
            ], ["r 2 r", "1 r r", "1 r r", "1 r", "2", "1 2 r", "1 2 r", "1 r"],
            ["r 1 r", "0 r r", "0 r r", "0 r", "1", "0 1 r", "0 1 r", "0 r"],
            ["r 1 r", "0 r r", "0 r r", "0 r", "1", "0 1 r", "0 1 r", "0 r"], hides: true),
        AxisCase(
            "GRU, the batch first",
            .gru(GRU(Recurrence(activations: [.sigmoid, .tanh].map { .init($0) }, isBatchMajor: true))),
            [
                .floats([2, 3, 4]), .floats([1, 15, 4]), .floats([1, 15, 5]), .floats([1, 30]), .absent,
                .floats([2, 1, 5]),
            ],
            ["0 r r", "2 r r", "2 r r", "2 r", ".", "0 2 r"], ["0 r r", "1 r r", "1 r r", "1 r", ".", "0 1 r"]),
        AxisCase(
            "RNN", .rnn(RNN(Recurrence(direction: .reverse, activations: [.init(.tanh)]))),
            [.floats([3, 2, 4]), .floats([1, 5, 4]), .floats([1, 5, 5])], ["r 2 r", "1 r r", "1 r r"],
            ["r 1 r", "0 r r", "0 r r"]),
    ]

    private static func both(_ functions: [RecurrentActivation.Function]) -> [RecurrentActivation] {
        (functions + functions).map { RecurrentActivation($0) }
    }

    static let quantised: [AxisCase] = [
        AxisCase(
            "QuantizeLinear", .quantizeLinear(QuantizeLinear()), [.floats([2, 3]), .scale([0.1]), .bytes([])], ["0 1"]),
        AxisCase(
            "QuantizeLinear by channel", .quantizeLinear(QuantizeLinear()),
            [.floats([2, 3, 4]), .scale([0.02, 0.03, 0.04]), .bytes([3])], ["0 1 2", "1", "1"]),
        AxisCase(
            "DequantizeLinear in blocks",
            .dequantizeLinear(DequantizeLinear(scale: QuantizationScale(axis: 1, blockSize: 2))),
            [.bytes([2, 5]), .positive([2, 3]), .bytes([2, 3])], ["0 1", "0 w1", "0 w1"]),
        AxisCase(
            "DynamicQuantizeLinear", .dynamicQuantizeLinear(DynamicQuantizeLinear()), [.floats([2, 3])], ["r r"],
            ["r r"], ["r r"], hides: true),
        AxisCase(
            "MatMulInteger", .matMulInteger(MatMulInteger()),
            [.bytes([2, 3, 4]), .bytes([4, 5]), .bytes([3]), .bytes([5])],
            ["0 1 r", "r 2", "1", "2"]),
        AxisCase(
            "QLinearMatMul", .qLinearMatMul(QLinearMatMul()),
            [
                .bytes([3, 4]), .scale([1]), .bytes([]), .bytes([4, 5]), .scale([0.5, 1, 1.5, 2, 2.5]), .bytes([5]),
                .scale([500]), .bytes([]),
            ], ["0 r", ".", ".", "r 1", "1", "1", ".", "."], hides: true),
        AxisCase(
            "ConvInteger", .convInteger(ConvInteger(window: window)),
            [.bytes([2, 4, 7, 6]), .bytes([3, 4, 3, 2]), .bytes([]), .bytes([3])], ["0 r w2 w3", "1 r r r", ".", "1"],
            slack: 1),
        AxisCase(
            "QLinearConv", .qLinearConv(QLinearConv(window: SpatialWindow(rank: 1), groups: 2)),
            [
                .bytes([2, 4, 6]), .scale([1]), .bytes([]), .bytes([4, 2, 3]), .scale([1, 2, 3, 4]), .bytes([4]),
                .scale([500]), .bytes([]), .lengths([1, 2, 3, 4]),
            ], ["0 w1 w2", ".", ".", "1 r r", "1", "1", ".", ".", "1"], hides: true),
    ]
}
