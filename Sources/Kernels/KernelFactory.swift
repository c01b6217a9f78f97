internal import Graphs
internal import Tensors

/// Which kernel computes which operator.
enum KernelFactory {
    /// - Throws: `KernelError` or `InferenceError` where the operator cannot take these types, errors of files where a
    ///   weight cannot be read.
    static func makeKernel(_ request: KernelRequest) throws -> any Kernel {
        let operation = request.operation
        if !operation.onlyMoves && request.inputTypes.contains(where: { $0?.dtype.isHalfPrecision ?? false }) {
            return try WidenedKernel(request)
        }
        switch operation {
        case .unary(let unary): return try UnaryKernel.make(unary, request.inputTypes[0]!)
        case .binary(let binary): return try BinaryKernel.make(binary, request)
        case .comparison(let comparison): return try comparison.kernel(request)
        case .choice(let choice): return choice.kernel(request)
        case .cast(let cast): return try CastKernel.make(cast, request)
        case .convolution(let convolution): return try convolution.kernel(request)
        case .convolutionTranspose(let convolution): return try convolution.kernel(request)
        case .matrixProduct(let product): return try product.kernel(request)
        case .gemm(let gemm): return try gemm.kernel(request)
        case .pooling(let pooling): return try pooling.kernel(request)
        case .globalPooling(let pooling): return try pooling.kernel(request)
        case .batchNormalization(let normalization): return try normalization.kernel(request)
        case .localResponseNormalization(let normalization): return try normalization.kernel(request)
        case .softmax(let softmax): return try softmax.kernel(request)
        case .reduction(let reduction): return try reduction.kernel(request)
        case .concatenation(let concatenation): return try concatenation.kernel(request)
        case .split(let split): return try split.kernel(request)
        case .slice(let slice): return try slice.kernel(request)
        case .pad(let pad): return try pad.kernel(request)
        case .reshape, .flatten, .squeeze, .unsqueeze, .identity, .bitCast:
            return CopyKernel(byteCount: request.inputTypes[0]!.byteCount)
        case .transpose(let transpose): return try transpose.kernel(request)
        case .expand(let expand): return expand.kernel(request)
        case .gather(let gather): return try gather.kernel(request)
        case .resize(let resize): return try resize.kernel(request)
        case .shapeOf(let shapeOf): return try shapeOf.kernel(request)
        case .constantOfShape:
            let output = request.outputTypes[0]
            return FillKernel(count: output.shape.elementCount, elementByteCount: output.dtype.byteCount)
        case .arithmeticRange(let range): return try range.kernel(request)
        case .einsum(let einsum): return try einsum.kernel(request)
        case .attention(let attention): return try attention.kernel(request)
        case .rotaryEmbedding(let rotary): return try rotary.kernel(request)
        case .linearAttention(let attention): return try attention.kernel(request)
        case .causalConvolution(let convolution): return try convolution.kernel(request)
        case .rnn(let rnn): return try rnn.kernel(request)
        case .lstm(let lstm): return try lstm.kernel(request)
        case .gru(let gru): return try gru.kernel(request)
        case .quantizeLinear(let quantize): return try quantize.kernel(request)
        case .dequantizeLinear(let dequantize): return try dequantize.kernel(request)
        case .weightUnpacking(let unpacking): return try unpacking.kernel(request)
        case .narrowUnpacking(let unpacking): return try unpacking.kernel(request)
        case .narrowRounding(let rounding): return try rounding.kernel(request)
        case .dynamicQuantizeLinear: return DynamicQuantizeKernel(count: request.inputTypes[0]!.shape.elementCount)
        case .matMulInteger(let product): return try product.kernel(request)
        case .convInteger(let convolution): return try convolution.kernel(request)
        case .qLinearMatMul(let product): return try product.kernel(request)
        case .qLinearConv(let convolution): return try convolution.kernel(request)
        case .instanceNormalization(let normalization): return try normalization.kernel(request)
        case .groupNormalization(let normalization): return try normalization.kernel(request)
        case .layerNormalization(let normalization): return try normalization.kernel(request)
        case .cumulation(let cumulation): return try cumulation.kernel(request)
        case .topK(let topK): return try topK.kernel(request)
        case .gatherElements(let gather): return try gather.kernel(request)
        case .gatherND(let gather): return gather.kernel(request)
        case .scatterElements(let scatter): return try scatter.kernel(request)
        case .scatterND(let scatter): return try scatter.kernel(request)
        case .cacheUpdate(let update): return try update.kernel(request)
        case .tile(let tile): return tile.kernel(request)
        case .depthToSpace(let depthToSpace): return depthToSpace.kernel(request)
        case .spaceToDepth(let spaceToDepth): return spaceToDepth.kernel(request)
        case .trilu(let trilu): return trilu.kernel(request)
        case .gridSample(let gridSample): return try gridSample.kernel(request)
        case .oneHot(let oneHot): return try oneHot.kernel(request)
        case .eyeLike(let eyeLike): return try eyeLike.kernel(request)
        case .affineGrid(let grid): return try grid.kernel(request)
        case .centerCropPad(let cropPad): return try cropPad.kernel(request)
        case .columnsToImage(let columns): return try columns.kernel(request)
        case .deformableConvolution(let convolution): return try convolution.kernel(request)
        case .determinant(let determinant): return try determinant.kernel(request)
        case .fourierTransform(let transform): return try transform.kernel(request)
        case .shortTimeFourierTransform(let transform): return try transform.kernel(request)
        case .maximumUnpooling(let unpooling): return try unpooling.kernel(request)
        case .melWeightMatrix(let matrix): return try matrix.kernel(request)
        case .regionAlignment(let alignment): return try alignment.kernel(request)
        case .regionPooling(let pooling): return try pooling.kernel(request)
        case .reverseSequence(let reverse): return reverse.kernel(request)
        case .termFrequency(let frequency): return frequency.kernel(request)
        case .treeEnsemble(let ensemble): return try ensemble.kernel(request)
        case .valueLookup(let lookup): return try lookup.kernel(request)
        case .randomDraw(let draw): return try draw.kernel(request)
        case .nonZero, .compress, .unique, .nonMaxSuppression:
            throw KernelError("the size of its result depends on data")
        case .optional(let optional) where optional.kind == .element:
            return CopyKernel(byteCount: request.inputTypes[0]!.byteCount)
        case .sequence, .optional: throw KernelError("it takes or makes what is no tensor")
        case .conditional, .loop, .scan, .enclosure: throw KernelError("bodies are compiled where the node runs")
        case .unsupported(let unsupported):
            throw KernelError("the operator \(unsupported.operatorName) is not supported")
        }
    }
}

extension Operation {
    /// Whether elements keep their bits, so that half precision needs no widening. A cast does its own.
    fileprivate var onlyMoves: Bool {
        switch self {
        case .choice, .cast, .bitCast, .maximumUnpooling, .concatenation, .split, .slice, .pad, .reshape, .flatten,
            .squeeze, .unsqueeze, .transpose, .expand, .gather, .gatherElements, .gatherND, .cacheUpdate, .tile,
            .depthToSpace, .spaceToDepth, .trilu, .centerCropPad, .reverseSequence, .shapeOf, .constantOfShape,
            .eyeLike, .optional, .identity:
            true
        case .unary, .binary, .comparison, .convolution, .convolutionTranspose, .matrixProduct, .gemm, .einsum,
            .deformableConvolution, .determinant, .attention, .rotaryEmbedding, .linearAttention, .causalConvolution,
            .rnn, .lstm, .gru, .quantizeLinear, .dequantizeLinear, .narrowRounding, .narrowUnpacking, .weightUnpacking,
            .dynamicQuantizeLinear, .matMulInteger, .convInteger, .qLinearMatMul, .qLinearConv, .pooling,
            .globalPooling, .regionAlignment, .regionPooling, .batchNormalization, .localResponseNormalization,
            .softmax, .instanceNormalization, .groupNormalization, .layerNormalization, .reduction, .cumulation, .topK,
            .fourierTransform, .shortTimeFourierTransform, .melWeightMatrix, .termFrequency, .treeEnsemble,
            .valueLookup, .randomDraw, .scatterElements, .scatterND, .resize, .gridSample, .affineGrid, .columnsToImage,
            .arithmeticRange, .oneHot, .nonZero, .compress, .unique, .nonMaxSuppression, .conditional, .loop, .scan,
            .enclosure, .sequence, .unsupported:
            false
        }
    }
}
