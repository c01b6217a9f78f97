import Graphs
import Tensors
import Testing

/// The result types of every operator, for operands that fit and operands that do not.
@Suite struct InferenceTests {
    private typealias Operand = Operands.Operand

    private func float(_ dimensions: Int...) -> Operand? { Operand(type: TensorType(.float32, Shape(dimensions))) }
    private func long(_ dimensions: Int...) -> Operand? { Operand(type: TensorType(.int64, Shape(dimensions))) }
    private func truth(_ dimensions: Int...) -> Operand? { Operand(type: TensorType(.bool, Shape(dimensions))) }
    private func known(_ integers: Int64...) -> Operand? {
        Operand(type: TensorType(.int64, [integers.count]), constant: Tensor(integers))
    }
    private func numbers(_ numbers: Float...) -> Operand? {
        Operand(type: TensorType(.float32, [numbers.count]), constant: Tensor(numbers))
    }
    private func scalar(_ number: Int64) -> Operand? {
        Operand(type: TensorType(.int64, []), constant: Tensor(scalar: number))
    }

    private func expect(
        _ operation: Operation, _ operands: [Operand?], _ types: String...,
        at location: SourceLocation = #_sourceLocation
    ) {
        do throws(InferenceError) {
            let result = try operation.attributes.outputTypes(of: Operands(operands))
            #expect(result.map(\.description) == types, sourceLocation: location)
        } catch {
            Issue.record("\(operation.name): \(error)", sourceLocation: location)
        }
    }

    private func refuse(
        _ operation: Operation, _ operands: [Operand?], at location: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: InferenceError.self, sourceLocation: location) {
            try operation.attributes.outputTypes(of: Operands(operands))
        }
    }

    @Test func elementwise() {
        expect(.unary(Unary(.relu)), [float(2, 3)], "float32 2x3")
        expect(.unary(Unary(.isNaN)), [float(2, 3)], "bool 2x3")
        expect(.binary(Binary(.add)), [float(2, 1, 4), float(3, 1)], "float32 2x3x4")
        refuse(.binary(Binary(.add)), [float(2), float(3)])
        refuse(.binary(Binary(.add)), [float(2), long(2)])
        expect(.binary(Binary(.power)), [float(2), long(2)], "float32 2")
        expect(.comparison(Comparison(.less)), [float(2), float()], "bool 2")
        expect(.choice(Choice()), [truth(2, 1), float(3), float()], "float32 2x3")
        refuse(.choice(Choice()), [float(2), float(2), float(2)])
        expect(.cast(Cast(to: .bfloat16)), [float(2)], "bfloat16 2")
    }

    @Test func products() {
        var window = SpatialWindow(rank: 2)
        window.strides = [2, 2]
        window.padding = .explicit(before: [1, 1], after: [1, 1])
        expect(.convolution(Convolution(window: window)), [float(5, 4, 9, 8), float(6, 4, 3, 3)], "float32 5x6x5x4")
        expect(
            .convolution(Convolution(window: window, groups: 2)), [float(5, 4, 9, 8), float(6, 2, 3, 3), float(6)],
            "float32 5x6x5x4")
        refuse(.convolution(Convolution(window: window)), [float(5, 3, 9, 8), float(6, 4, 3, 3)])
        window.padding = .sameUpper
        expect(.convolution(Convolution(window: window)), [float(5, 4, 9, 8), float(6, 4, 3, 3)], "float32 5x6x5x4")
        var transposed = ConvolutionTranspose(window: SpatialWindow(rank: 1), outputPadding: [0])
        transposed.window.strides = [2]
        expect(.convolutionTranspose(transposed), [float(1, 2, 4), float(2, 3, 3)], "float32 1x3x9")
        transposed.outputShape = [8]
        expect(.convolutionTranspose(transposed), [float(1, 2, 4), float(2, 3, 3)], "float32 1x3x8")
        transposed.outputShape = [10]
        expect(.convolutionTranspose(transposed), [float(1, 2, 4), float(2, 3, 3)], "float32 1x3x10")
        refuse(.convolutionTranspose(transposed), [float(1, 2, 1 << 40), float(2, 3, 3)])
        expect(.matrixProduct(MatrixProduct()), [float(7, 1, 2, 3), float(5, 3, 4)], "float32 7x5x2x4")
        expect(.matrixProduct(MatrixProduct()), [float(3), float(3)], "float32 scalar")
        refuse(.matrixProduct(MatrixProduct()), [float(2, 3), float(2, 3)])
        expect(.gemm(Gemm(transposeA: true)), [float(3, 2), float(3, 4), float(4)], "float32 2x4")
        refuse(.gemm(Gemm()), [float(2, 3), float(3, 4), float(2)])
        expect(.einsum(Einsum("bij, bjk -> bik")), [float(2, 3, 4), float(2, 4, 5)], "float32 2x3x5")
        expect(.einsum(Einsum("...ij->...ji")), [float(6, 2, 3, 4)], "float32 6x2x4x3")
        expect(.einsum(Einsum("ij,jk")), [float(3, 4), float(4, 5)], "float32 3x5")
        expect(.einsum(Einsum("...,...")), [float(3, 1), float(2, 3, 4)], "float32 2x3x4")
        expect(.einsum(Einsum("ii")), [float(3, 3)], "float32 scalar")
        for wrong in ["ij,jk->ix", "ij->i", "i j,", "12->1", "ij->ii", "ij,jk->ik->", "....ij->ij"] {
            refuse(.einsum(Einsum(wrong)), [float(3, 4), float(4, 5)])
        }
    }

    @Test func pooling() {
        let window = SpatialWindow(strides: [2], dilations: [1], padding: .explicit(before: [0], after: [0]))
        let maximum = Pooling(kind: .maximum(columnMajorIndices: false), kernel: [2], window: window)
        expect(.pooling(maximum), [float(1, 3, 5)], "float32 1x3x2", "int64 1x3x2")
        let average = Pooling(kind: .average(countsPadding: true), kernel: [2], window: window, roundsUp: true)
        expect(.pooling(average), [float(1, 3, 5)], "float32 1x3x3")
        refuse(.pooling(average), [float(1, 3, 1)])
        expect(.globalPooling(GlobalPooling(.average)), [float(1, 3, 5, 6)], "float32 1x3x1x1")
        expect(.resize(Resize()), [float(1, 2, 4), nil, numbers(1, 1, 2.5)], "float32 1x2x10")
        expect(.resize(Resize()), [float(1, 2, 4), nil, nil, known(1, 2, 9)], "float32 1x2x9")
        refuse(.resize(Resize()), [float(1, 2, 1 << 41), nil, numbers(1, 1, 999_999)])
        expect(.gridSample(GridSample()), [float(2, 3, 4, 5), float(2, 7, 8, 2)], "float32 2x3x7x8")
        refuse(.gridSample(GridSample()), [float(2, 3, 4, 5), float(2, 7, 8, 3)])
    }

    @Test func normalizations() {
        let parameters = [float(3), float(3), float(3), float(3)]
        expect(.batchNormalization(BatchNormalization()), [float(2, 3, 4)] + parameters, "float32 2x3x4")
        refuse(.batchNormalization(BatchNormalization()), [float(2, 4, 4)] + parameters)
        expect(.instanceNormalization(.init()), [float(2, 3, 4), float(3), float(3)], "float32 2x3x4")
        expect(.groupNormalization(.init(groups: 2)), [float(2, 4, 5), float(4), float(2)], "float32 2x4x5")
        refuse(.groupNormalization(.init(groups: 3)), [float(2, 4, 5), float(4), float(4)])
        expect(
            .layerNormalization(.init(axis: 1)), [float(2, 3, 4), float(3, 4)], "float32 2x3x4", "float32 2x1x1",
            "float32 2x1x1")
        expect(.layerNormalization(.init(subtractsMean: false)), [float(2, 3), float(3)], "float32 2x3")
        refuse(.layerNormalization(.init()), [float(2, 3), float(2, 2, 3)])
        expect(.localResponseNormalization(.init(size: 5)), [float(1, 8, 2, 2)], "float32 1x8x2x2")
        expect(.softmax(Softmax(axis: -1)), [float(2, 3)], "float32 2x3")
        refuse(.softmax(Softmax(axis: 2)), [float(2, 3)])
    }

    @Test func reductions() {
        expect(.reduction(Reduction(kind: .mean)), [float(2, 3, 4), known(-1, 0)], "float32 1x3x1")
        expect(.reduction(Reduction(kind: .sum, keepsDimensions: false)), [float(2, 3)], "float32 scalar")
        expect(.reduction(Reduction(kind: .sum, keepsAllWithoutAxes: true)), [float(2, 3)], "float32 2x3")
        expect(.reduction(Reduction(kind: .indexOfMaximum)), [float(2, 3), known(1)], "int64 2x1")
        expect(.cumulation(Cumulation()), [float(2, 3), scalar(-1)], "float32 2x3")
        refuse(.cumulation(Cumulation()), [float(2, 3), scalar(2)])
        expect(.topK(TopK(axis: 0)), [float(5, 3), known(2)], "float32 2x3", "int64 2x3")
        refuse(.topK(TopK()), [float(5, 3), known(4)])
    }

    @Test func layout() {
        expect(.concatenation(Concatenation(axis: 1)), [float(2, 3), float(2, 4)], "float32 2x7")
        refuse(.concatenation(Concatenation(axis: 0)), [float(2, 3), float(2, 4)])
        expect(.split(Split(axis: 0, parts: 2)), [float(5)], "float32 3", "float32 2")
        expect(.split(Split(axis: 0, parts: 2)), [float(5), known(1, 4)], "float32 1", "float32 4")
        refuse(.split(Split(axis: 0, parts: 2)), [float(5), known(1, 5)])
        expect(.slice(Slice()), [float(9, 3), known(1), known(.max), known(0), known(3)], "float32 3x3")
        expect(.slice(Slice()), [float(9), known(-1), known(.min), known(0), known(-2)], "float32 5")
        refuse(.slice(Slice()), [float(9), known(0), known(5), known(0), known(0)])
        expect(.pad(Pad()), [float(2, 3), known(0, 1, 0, -1)], "float32 2x3")
        expect(.reshape(Reshape()), [float(2, 6), known(0, -1, 2)], "float32 2x3x2")
        refuse(.reshape(Reshape()), [float(2, 6), known(5, -1)])
        refuse(.reshape(Reshape()), [float(2, 6), long(2)])
        expect(.flatten(Flatten(axis: 2)), [float(2, 3, 4)], "float32 6x4")
        expect(.squeeze(Squeeze()), [float(1, 3, 1)], "float32 3")
        refuse(.squeeze(Squeeze()), [float(1, 3, 1), known(1)])
        expect(.unsqueeze(Unsqueeze()), [float(3), known(0, -1)], "float32 1x3x1")
        expect(.transpose(Transpose(permutation: [2, 0, 1])), [float(2, 3, 4)], "float32 4x2x3")
        refuse(.transpose(Transpose(permutation: [0, 0, 1])), [float(2, 3, 4)])
        expect(.expand(Expand()), [float(3, 1), known(2, 1, 4)], "float32 2x3x4")
        expect(.tile(Tile()), [float(2, 3), known(2, 0)], "float32 4x0")
        refuse(.tile(Tile()), [float(2, 3), known(1 << 62, 1)])
        expect(.depthToSpace(DepthToSpace(blockSize: 2)), [float(1, 8, 2, 3)], "float32 1x2x4x6")
        expect(.spaceToDepth(SpaceToDepth(blockSize: 2)), [float(1, 2, 4, 6)], "float32 1x8x2x3")
        refuse(.spaceToDepth(SpaceToDepth(blockSize: 1 << 14)), [float(1, 1 << 42, 0, 0)])
        expect(.trilu(Trilu()), [float(2, 3, 4), scalar(1)], "float32 2x3x4")
        expect(.identity(Identity()), [long(2)], "int64 2")
    }

    @Test func indexing() {
        expect(.gather(Gather(axis: 1)), [float(2, 5), long(3, 1)], "float32 2x3x1")
        expect(.gather(Gather(axis: 1)), [float(2, 5), known(-5, 4)], "float32 2x2")
        refuse(.gather(Gather(axis: 1)), [float(2, 5), known(5)])
        expect(.gatherElements(GatherElements(axis: 0)), [float(2, 5), long(7, 5)], "float32 7x5")
        refuse(.gatherElements(GatherElements(axis: 1)), [float(2, 5), long(7, 5)])
        expect(.gatherND(GatherND(batchAxes: 1)), [float(2, 3, 4), long(2, 5, 1)], "float32 2x5x4")
        refuse(.gatherND(GatherND()), [float(2, 3), long(5, 3)])
        expect(.scatterElements(ScatterElements()), [float(3, 3), long(2, 3), float(2, 3)], "float32 3x3")
        refuse(.scatterElements(ScatterElements()), [float(3, 3), long(2, 3), float(3, 2)])
        expect(.scatterND(ScatterND()), [float(4, 5), long(3, 1), float(3, 5)], "float32 4x5")
        refuse(.scatterND(ScatterND()), [float(4, 5), long(3, 1), float(3, 4)])
        expect(.oneHot(OneHot(axis: 0)), [long(2, 3), scalar(7), float(2)], "float32 7x2x3")
        refuse(.oneHot(OneHot()), [long(2, 3), scalar(-1), float(2)])
    }

    @Test func shapes() {
        expect(.shapeOf(ShapeOf()), [float(2, 3, 4)], "int64 3")
        expect(.shapeOf(ShapeOf(.extents(start: -2, end: nil))), [float(2, 3, 4)], "int64 2")
        expect(.shapeOf(ShapeOf(.elementCount)), [float(2, 3, 4)], "int64 scalar")
        expect(.constantOfShape(ConstantOfShape()), [known(2, 3), truth()], "bool 2x3")
        expect(.arithmeticRange(ArithmeticRange()), [scalar(10), scalar(4), scalar(-4)], "int64 2")
        refuse(.arithmeticRange(ArithmeticRange()), [scalar(0), scalar(1), scalar(0)])
        expect(.eyeLike(EyeLike(dtype: .float64)), [float(3, 4)], "float64 3x4")
        refuse(.unsupported(Unsupported("Loop")), [float(2)])
    }

    @Test func signals() {
        expect(.fourierTransform(FourierTransform()), [float(2, 8, 1)], "float32 2x8x2")
        expect(.fourierTransform(FourierTransform(isOneSided: true)), [float(2, 8, 1), scalar(6)], "float32 2x4x2")
        expect(
            .fourierTransform(FourierTransform(isInverse: true, isOneSided: true)), [float(2, 5, 2)], "float32 2x8x1")
        refuse(.fourierTransform(FourierTransform()), [float(2, 8, 3)])
        refuse(.fourierTransform(FourierTransform()), [float(2, 8, 1), scalar(0)])
        refuse(.fourierTransform(FourierTransform()), [float(2, 8, 1), scalar(.max)])
        refuse(.fourierTransform(FourierTransform()), [float(2, 8, 1), nil, scalar(2)])
        expect(
            .shortTimeFourierTransform(ShortTimeFourierTransform()), [float(1, 10, 1), scalar(3), nil, scalar(4)],
            "float32 1x3x3x2")
        refuse(.shortTimeFourierTransform(ShortTimeFourierTransform()), [float(1, 10, 1), scalar(0)])
        refuse(.shortTimeFourierTransform(ShortTimeFourierTransform()), [float(1, 10, 1), scalar(1), nil, scalar(11)])
        refuse(.melWeightMatrix(MelWeightMatrix()), [scalar(-1), scalar(4), scalar(8), scalar(0), scalar(4)])
        expect(.determinant(Determinant()), [float(5, 3, 3)], "float32 5")
        refuse(.determinant(Determinant()), [float(3, 4)])
    }

    @Test func regionsAndColumns() {
        expect(.affineGrid(AffineGrid()), [float(2, 2, 3), known(2, 1, 4, 5)], "float32 2x4x5x2")
        refuse(.affineGrid(AffineGrid()), [float(2, 2, 3), known(2, 1, 4, 5, 6)])
        refuse(.affineGrid(AffineGrid()), [float(2, 2, 3), known(2, 1, -4, 5)])
        expect(.centerCropPad(CenterCropPad(axes: [-1])), [float(4, 5), known(9)], "float32 4x9")
        refuse(.centerCropPad(CenterCropPad(axes: [2])), [float(4, 5), known(9)])
        refuse(.centerCropPad(CenterCropPad()), [float(4, 5), known(9, -1)])
        expect(.columnsToImage(ColumnsToImage()), [float(1, 8, 12), known(4, 5), known(2, 2)], "float32 1x2x4x5")
        refuse(.columnsToImage(ColumnsToImage()), [float(1, 8, 11), known(4, 5), known(2, 2)])
        refuse(.columnsToImage(ColumnsToImage()), [float(1, 8, 12), known(4, 5), known(0, 2)])
        refuse(.columnsToImage(ColumnsToImage(pads: [1])), [float(1, 8, 12), known(4, 5), known(2, 2)])
        let window = SpatialWindow(rank: 2)
        expect(
            .deformableConvolution(DeformableConvolution(window: window)),
            [float(1, 2, 4, 4), float(3, 2, 2, 2), float(1, 8, 3, 3)], "float32 1x3x3x3")
        refuse(
            .deformableConvolution(DeformableConvolution(window: window)),
            [float(1, 2, 4, 4), float(3, 2, 2, 2), float(1, 8, 3, 2)])
        refuse(
            .deformableConvolution(DeformableConvolution(window: window, groups: 0)),
            [float(1, 2, 4, 4), float(3, 2, 2, 2), float(1, 8, 3, 3)])
        let unpooling = Operation.maximumUnpooling(MaximumUnpooling(kernel: [2, 2], window: window))
        expect(unpooling, [float(1, 1, 2, 2), long(1, 1, 2, 2)], "float32 1x1x3x3")
        expect(unpooling, [float(1, 1, 2, 2), long(1, 1, 2, 2), known(1, 1, 4, 5)], "float32 1x1x4x5")
        refuse(unpooling, [float(1, 1, 2, 2), long(1, 1, 2, 2), known(1, 1, 2, 5)])
        refuse(unpooling, [float(1, 1, 2, 2), long(1, 1, 2, 1)])
        let alignment = Operation.regionAlignment(RegionAlignment(height: 3, width: 2))
        expect(alignment, [float(2, 5, 8, 8), float(7, 4), long(7)], "float32 7x5x3x2")
        refuse(alignment, [float(2, 5, 8, 8), float(7, 5), long(7)])
        expect(
            .regionPooling(RegionPooling(height: 3, width: 2)), [float(2, 5, 8, 8), float(7, 5)], "float32 7x5x3x2")
        refuse(.regionPooling(RegionPooling(height: 3, width: 2)), [float(2, 5, 8), float(7, 5)])
        expect(.reverseSequence(ReverseSequence()), [float(4, 3), long(3)], "float32 4x3")
        refuse(.reverseSequence(ReverseSequence()), [float(4, 3), long(4)])
        refuse(.reverseSequence(ReverseSequence(batchAxis: 1, timeAxis: 1)), [float(4, 3), long(3)])
        expect(.bitCast(BitCast(to: .int32)), [float(4)], "int32 4")
        refuse(.bitCast(BitCast(to: .int64)), [float(4)])
        let unpacking = WeightUnpacking(rows: 40, columns: 3, bits: 4, blockSize: 16)
        func bytes(_ count: Int) -> Operand? { Operand(type: TensorType(.uint8, Shape([count]))) }
        expect(.weightUnpacking(unpacking), [bytes(72), float(9)], "float32 40x3")
        expect(.weightUnpacking(unpacking), [bytes(72), float(9), bytes(6)], "float32 40x3")
        expect(.weightUnpacking(unpacking), [bytes(72), float(9), float(9)], "float32 40x3")
        refuse(.weightUnpacking(unpacking), [bytes(60), float(9)])
        refuse(.weightUnpacking(unpacking), [bytes(72), float(8)])
        refuse(.weightUnpacking(unpacking), [bytes(72), float(9), bytes(5)])
        refuse(.weightUnpacking(unpacking), [bytes(72), float(9), nil, long(40)])
        let terms = TermFrequency(
            terms: [.init(items: [3], entry: 1)], entryCount: 2, weighting: .count, weights: [], skipLimit: 0)
        expect(.termFrequency(terms), [long(5, 9)], "float32 5x2")
        refuse(.termFrequency(terms), [float(5)])
    }
}
