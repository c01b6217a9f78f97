public import Tensors

extension Operation {
    /// The dtype of output `index` for operands of these dtypes; nil where it does not follow from them.
    ///
    /// It says what `outputTypes` says for operands that this accepts, without their shapes.
    public func resultDType(_ index: Int, operands: [DType?]) -> DType? {
        func operand(_ index: Int) -> DType? { operands.indices.contains(index) ? operands[index] : nil }
        switch self {
        case .unary(let unary):
            return unary.function == .isNaN || unary.function == .isInfinite ? .bool : operand(0)
        case .comparison: return .bool
        case .cast(let cast): return cast.target
        case .bitCast(let cast): return cast.target
        case .choice, .constantOfShape, .dequantizeLinear, .weightUnpacking: return operand(1)
        case .narrowUnpacking(let unpacking): return unpacking.format.held
        case .narrowRounding(let rounding): return rounding.format.held
        case .oneHot: return operand(2)
        case .qLinearMatMul, .qLinearConv: return operand(7)
        case .matMulInteger, .convInteger: return .int32
        case .quantizeLinear(let quantize): return operand(2) ?? quantize.target
        case .dynamicQuantizeLinear: return index == 1 ? .float32 : .uint8
        case .reduction(let reduction):
            return reduction.kind == .indexOfMaximum || reduction.kind == .indexOfMinimum ? .int64 : operand(0)
        case .linearAttention: return index == 0 ? operand(0) : operand(3) ?? operand(0)
        case .layerNormalization: return index == 0 ? operand(0) : .float32
        case .topK, .pooling, .unique: return index == 0 ? operand(0) : .int64
        case .shapeOf, .nonZero, .nonMaxSuppression: return .int64
        case .eyeLike(let eye): return eye.dtype ?? operand(0)
        case .melWeightMatrix(let matrix): return matrix.dtype
        case .termFrequency, .treeEnsemble: return .float32
        case .valueLookup(let lookup): return lookup.values.dtype
        case .randomDraw(let draw):
            switch draw.distribution {
            case .normal, .uniform: return draw.dtype
            case .bernoulli: return .bool
            case .multinomial: return .int64
            }
        case .sequence(let sequence): return sequence.kind == .length ? .int64 : nil
        case .optional(let optional): return optional.kind == .hasElement ? .bool : operand(0)
        // Their bodies determine it, or it is unknown.
        case .conditional, .loop, .scan, .enclosure, .unsupported: return nil
        case .binary, .convolution, .convolutionTranspose, .deformableConvolution, .matrixProduct, .gemm, .einsum,
            .determinant, .attention, .rotaryEmbedding, .causalConvolution, .rnn, .lstm, .gru, .globalPooling,
            .maximumUnpooling, .regionAlignment, .regionPooling, .batchNormalization, .localResponseNormalization,
            .softmax, .instanceNormalization, .groupNormalization, .cumulation, .fourierTransform,
            .shortTimeFourierTransform, .concatenation, .split, .slice, .pad, .reshape, .flatten, .squeeze, .unsqueeze,
            .transpose, .expand, .gather, .gatherElements, .gatherND, .scatterElements, .scatterND, .cacheUpdate, .tile,
            .depthToSpace, .spaceToDepth, .trilu, .resize, .gridSample, .affineGrid, .centerCropPad, .columnsToImage,
            .reverseSequence, .arithmeticRange, .compress, .identity:
            return operand(0)
        }
    }
}
