/// Every operator that a graph can hold. The enum is closed on purpose: a new case does not compile until
/// each switch over it says what to do.
public enum Operation: Sendable, Hashable, Codable {
    // Element-wise
    case unary(Unary)
    case binary(Binary)
    case comparison(Comparison)
    case choice(Choice)
    case cast(Cast)
    case bitCast(BitCast)
    // Linear algebra
    case convolution(Convolution)
    case convolutionTranspose(ConvolutionTranspose)
    case matrixProduct(MatrixProduct)
    case gemm(Gemm)
    case einsum(Einsum)
    case deformableConvolution(DeformableConvolution)
    case determinant(Determinant)
    case attention(Attention)
    case rotaryEmbedding(RotaryEmbedding)
    case linearAttention(LinearAttention)
    case causalConvolution(CausalConvolution)
    // Recurrent
    case rnn(RNN)
    case lstm(LSTM)
    case gru(GRU)
    // Quantised
    case quantizeLinear(QuantizeLinear)
    case dequantizeLinear(DequantizeLinear)
    case weightUnpacking(WeightUnpacking)
    case narrowUnpacking(NarrowUnpacking)
    case narrowRounding(NarrowRounding)
    case dynamicQuantizeLinear(DynamicQuantizeLinear)
    case matMulInteger(MatMulInteger)
    case convInteger(ConvInteger)
    case qLinearMatMul(QLinearMatMul)
    case qLinearConv(QLinearConv)
    // Pooling and normalisation
    case pooling(Pooling)
    case globalPooling(GlobalPooling)
    case maximumUnpooling(MaximumUnpooling)
    case regionAlignment(RegionAlignment)
    case regionPooling(RegionPooling)
    case batchNormalization(BatchNormalization)
    case localResponseNormalization(LocalResponseNormalization)
    case softmax(Softmax)
    case instanceNormalization(InstanceNormalization)
    case groupNormalization(GroupNormalization)
    case layerNormalization(LayerNormalization)
    case reduction(Reduction)
    case cumulation(Cumulation)
    case topK(TopK)
    // Signals and text
    case fourierTransform(FourierTransform)
    case shortTimeFourierTransform(ShortTimeFourierTransform)
    case melWeightMatrix(MelWeightMatrix)
    case termFrequency(TermFrequency)
    // Models that are no networks
    case treeEnsemble(TreeEnsemble)
    case valueLookup(ValueLookup)
    // Random numbers
    case randomDraw(RandomDraw)
    // Layout
    case concatenation(Concatenation)
    case split(Split)
    case slice(Slice)
    case pad(Pad)
    case reshape(Reshape)
    case flatten(Flatten)
    case squeeze(Squeeze)
    case unsqueeze(Unsqueeze)
    case transpose(Transpose)
    case expand(Expand)
    case gather(Gather)
    case gatherElements(GatherElements)
    case gatherND(GatherND)
    case scatterElements(ScatterElements)
    case scatterND(ScatterND)
    case cacheUpdate(CacheUpdate)
    case tile(Tile)
    case depthToSpace(DepthToSpace)
    case spaceToDepth(SpaceToDepth)
    case trilu(Trilu)
    case resize(Resize)
    case gridSample(GridSample)
    case affineGrid(AffineGrid)
    case centerCropPad(CenterCropPad)
    case columnsToImage(ColumnsToImage)
    case reverseSequence(ReverseSequence)
    // Shape arithmetic
    case shapeOf(ShapeOf)
    case constantOfShape(ConstantOfShape)
    case arithmeticRange(ArithmeticRange)
    case oneHot(OneHot)
    case eyeLike(EyeLike)
    // Results whose shapes depend on data
    case nonZero(NonZero)
    case compress(Compress)
    case unique(Unique)
    case nonMaxSuppression(NonMaxSuppression)
    // Control flow
    case conditional(Conditional)
    case loop(Loop)
    case scan(Scan)
    case enclosure(Enclosure)
    // Values that are no tensors
    case sequence(SequenceOperator)
    case optional(OptionalOperator)
    // The rest
    case identity(Identity)
    case unsupported(Unsupported)

    /// The payload, as what all operators have in common.
    public var attributes: any OperatorAttributes {
        switch self {
        case .unary(let attributes): attributes
        case .binary(let attributes): attributes
        case .comparison(let attributes): attributes
        case .choice(let attributes): attributes
        case .cast(let attributes): attributes
        case .bitCast(let attributes): attributes
        case .convolution(let attributes): attributes
        case .convolutionTranspose(let attributes): attributes
        case .matrixProduct(let attributes): attributes
        case .gemm(let attributes): attributes
        case .einsum(let attributes): attributes
        case .deformableConvolution(let attributes): attributes
        case .determinant(let attributes): attributes
        case .attention(let attributes): attributes
        case .rotaryEmbedding(let attributes): attributes
        case .linearAttention(let attributes): attributes
        case .causalConvolution(let attributes): attributes
        case .rnn(let attributes): attributes
        case .lstm(let attributes): attributes
        case .gru(let attributes): attributes
        case .quantizeLinear(let attributes): attributes
        case .dequantizeLinear(let attributes): attributes
        case .weightUnpacking(let attributes): attributes
        case .narrowUnpacking(let attributes): attributes
        case .narrowRounding(let attributes): attributes
        case .dynamicQuantizeLinear(let attributes): attributes
        case .matMulInteger(let attributes): attributes
        case .convInteger(let attributes): attributes
        case .qLinearMatMul(let attributes): attributes
        case .qLinearConv(let attributes): attributes
        case .pooling(let attributes): attributes
        case .globalPooling(let attributes): attributes
        case .maximumUnpooling(let attributes): attributes
        case .regionAlignment(let attributes): attributes
        case .regionPooling(let attributes): attributes
        case .batchNormalization(let attributes): attributes
        case .localResponseNormalization(let attributes): attributes
        case .softmax(let attributes): attributes
        case .instanceNormalization(let attributes): attributes
        case .groupNormalization(let attributes): attributes
        case .layerNormalization(let attributes): attributes
        case .reduction(let attributes): attributes
        case .cumulation(let attributes): attributes
        case .topK(let attributes): attributes
        case .fourierTransform(let attributes): attributes
        case .shortTimeFourierTransform(let attributes): attributes
        case .melWeightMatrix(let attributes): attributes
        case .termFrequency(let attributes): attributes
        case .treeEnsemble(let attributes): attributes
        case .valueLookup(let attributes): attributes
        case .randomDraw(let attributes): attributes
        case .concatenation(let attributes): attributes
        case .split(let attributes): attributes
        case .slice(let attributes): attributes
        case .pad(let attributes): attributes
        case .reshape(let attributes): attributes
        case .flatten(let attributes): attributes
        case .squeeze(let attributes): attributes
        case .unsqueeze(let attributes): attributes
        case .transpose(let attributes): attributes
        case .expand(let attributes): attributes
        case .gather(let attributes): attributes
        case .gatherElements(let attributes): attributes
        case .gatherND(let attributes): attributes
        case .scatterElements(let attributes): attributes
        case .scatterND(let attributes): attributes
        case .cacheUpdate(let attributes): attributes
        case .tile(let attributes): attributes
        case .depthToSpace(let attributes): attributes
        case .spaceToDepth(let attributes): attributes
        case .trilu(let attributes): attributes
        case .resize(let attributes): attributes
        case .gridSample(let attributes): attributes
        case .affineGrid(let attributes): attributes
        case .centerCropPad(let attributes): attributes
        case .columnsToImage(let attributes): attributes
        case .reverseSequence(let attributes): attributes
        case .shapeOf(let attributes): attributes
        case .constantOfShape(let attributes): attributes
        case .arithmeticRange(let attributes): attributes
        case .oneHot(let attributes): attributes
        case .eyeLike(let attributes): attributes
        case .nonZero(let attributes): attributes
        case .compress(let attributes): attributes
        case .unique(let attributes): attributes
        case .nonMaxSuppression(let attributes): attributes
        case .conditional(let attributes): attributes
        case .loop(let attributes): attributes
        case .scan(let attributes): attributes
        case .enclosure(let attributes): attributes
        case .sequence(let attributes): attributes
        case .optional(let attributes): attributes
        case .identity(let attributes): attributes
        case .unsupported(let attributes): attributes
        }
    }

    public var name: String { attributes.operatorName }
}
