import Graphs
import Tensors

extension AxisCase {
    static let elementwise: [AxisCase] = [
        AxisCase("Relu", .unary(Unary(.relu)), [.floats([2, 3])], ["0 1"]),
        AxisCase("Add", .binary(Binary(.add)), [.floats([2, 3, 4]), .floats([3, 1])], ["0 1 2", "1 s"]),
        AxisCase("Min", .binary(Binary(.minimum)), [.floats([4]), .floats([2, 1, 4])], ["2", "0 1 2"], hides: true),
        AxisCase("Less", .comparison(Comparison(.less)), [.floats([2, 3]), .floats([1, 3])], ["0 1", "s 1"]),
        AxisCase(
            "Where", .choice(Choice()), [.flags([2, 1]), .floats([2, 3]), .floats([3])], ["0 s", "0 1", "1"],
            hides: true),
        AxisCase("Cast", .cast(Cast(to: .int32)), [.floats([2, 3])], ["0 1"]),
        AxisCase("BitCast", .bitCast(BitCast(to: .int32)), [.floats([2, 3])], ["0 1"]),
        AxisCase("Identity", .identity(Identity()), [.floats([2, 3])], ["0 1"]),
        AxisCase("OptionalGetElement", .optional(OptionalOperator(.element)), [.floats([2, 3])], ["0 1"]),
        AxisCase(
            "Trilu", .trilu(Trilu()), [.floats([2, 3, 4]), .integers([1])], ["0 1 2", "s"], hides: true),
        AxisCase(
            "BatchNormalization", .batchNormalization(BatchNormalization()),
            [.floats([2, 3, 4]), .floats([3]), .floats([3]), .floats([3]), .positive([3])],
            ["0 1 2", "1", "1", "1", "1"]),
        AxisCase(
            "BatchNormalization without channels", .batchNormalization(BatchNormalization()),
            [.floats([4]), .floats([1]), .floats([1]), .floats([1]), .positive([1])], ["0", "s", "s", "s", "s"]),
        AxisCase(
            "LabelEncoder",
            .valueLookup(ValueLookup(keys: .integers([1, 2, 3]), values: .floats([5, 6, 7, 8]))),
            [.indices([2, 3], below: 3)], ["0 1"], hides: true),
        AxisCase(
            "RandomNormalLike", .randomDraw(RandomDraw(.normal(mean: 0, deviation: 1), key: 7)), [.floats([2, 3])],
            ["0 1"], hides: true),
        AxisCase(
            "Bernoulli", .randomDraw(RandomDraw(.bernoulli, key: 7)), [.floats([2, 3])], ["0 1"], hides: true),
        AxisCase(
            "Multinomial", .randomDraw(RandomDraw(.multinomial(samples: 3), key: 7)), [.floats([2, 5])], ["0 r"],
            hides: true),
        AxisCase(
            "to float8", .narrowRounding(NarrowRounding(.float8e5m2)), [.floats([2, 3])], ["0 1"]),
    ]

    static let layout: [AxisCase] = [
        AxisCase(
            "Concat", .concatenation(Concatenation(axis: -2)),
            [.floats([2, 3, 4]), .floats([2, 1, 4]), .floats([2, 2, 4])],
            ["0 1 2", "0 w1 2", "0 w1 2"]),
        AxisCase(
            "Split", .split(Split(axis: 1, parts: 2)), [.floats([2, 5]), .integers([2, 3])], ["0 1", "o"],
            ["0 w1", "o"]),
        AxisCase(
            "Slice", .slice(Slice()),
            [.floats([5, 6, 4]), .integers([4, 1]), .integers([0, 6]), .integers([0, 1]), .integers([-2, 3])],
            ["w0 w1 2", "o", "o", "o", "o"]),
        AxisCase(
            "Pad", .pad(Pad()), [.floats([2, 5, 3]), .integers([0, 2, -1, 0, 1, 2])], ["0 w1 w2", "o"]),
        AxisCase(
            "Pad to the edge", .pad(Pad(mode: .edge)), [.floats([2, 5]), .integers([0, 3, 0, 2])], ["0 w1", "o"]),
        AxisCase(
            "Pad mirrored", .pad(Pad(mode: .reflect)), [.floats([3, 5]), .integers([2, 3, 1, 4])], ["w0 w1", "o"]),
        AxisCase(
            "Pad wrapped", .pad(Pad(mode: .wrap)), [.floats([2, 5]), .integers([1, 3, 2, 2])], ["w0 w1", "o"]),
        AxisCase(
            "Reshape, axes merged", .reshape(Reshape()), [.floats([2, 3, 4, 5]), .integers([2, 60])],
            ["0 w1 w1 w1", "o"]),
        AxisCase(
            "Reshape, the batch merged", .reshape(Reshape()), [.floats([2, 3, 4]), .integers([6, 1, 4])],
            ["w0 w0 2", "o"]),
        AxisCase(
            "Reshape, heads split off", .reshape(Reshape()), [.floats([2, 3, 8]), .integers([2, 3, 4, 2])],
            ["0 1 w2", "o"], slack: 1),
        AxisCase(
            "Reshape to other factors", .reshape(Reshape()), [.floats([2, 4, 6, 1]), .integers([2, 6, 4])],
            ["0 w1 o s", "o"], slack: 1),
        AxisCase("Flatten", .flatten(Flatten(axis: 2)), [.floats([2, 3, 4])], ["w0 w0 1"]),
        AxisCase("Squeeze", .squeeze(Squeeze()), [.floats([2, 1, 4]), .integers([1])], ["0 s 1", "o"]),
        AxisCase("Unsqueeze", .unsqueeze(Unsqueeze()), [.floats([2, 4]), .integers([1])], ["0 2", "o"]),
        AxisCase("Transpose", .transpose(Transpose(permutation: [2, 0, 1])), [.floats([2, 3, 4])], ["1 2 0"]),
        AxisCase("Expand", .expand(Expand()), [.floats([3, 1]), .integers([2, 3, 4])], ["1 s", "o"]),
        AxisCase(
            "Gather", .gather(Gather(axis: 1)), [.floats([2, 5, 3]), .indices([4, 2], below: 5)], ["0 g 3", "1 2"]),
        AxisCase(
            "GatherElements", .gatherElements(GatherElements(axis: 1)),
            [.floats([3, 4]), .indices([2, 5], below: 4)],
            ["0 g", "0 1"]),
        AxisCase(
            "GatherND", .gatherND(GatherND(batchAxes: 1)), [.floats([2, 3, 4, 5]), .indices([2, 3, 2], below: 3)],
            ["0 g g 2", "0 1 r"]),
        AxisCase(
            "ScatterElements", .scatterElements(ScatterElements(axis: 1, reduction: .add)),
            [.floats([3, 4]), .indices([2, 3], below: 4), .floats([2, 3])], ["0 1", "0 g", "0 g"]),
        AxisCase(
            "ScatterND", .scatterND(ScatterND(reduction: .add)),
            [.floats([3, 4, 5]), .indices([4, 1], below: 3), .floats([4, 4, 5])], ["0 1 2", "g r", "g 1 2"]),
        AxisCase(
            "TensorScatter", .cacheUpdate(CacheUpdate(wraps: true)),
            [.floats([2, 5, 3]), .floats([2, 2, 3]), .indices([2], below: 5)], ["0 1 2", "0 g 2", "0"], hides: true),
        AxisCase("Tile", .tile(Tile()), [.floats([2, 3, 2]), .integers([1, 2, 3])], ["0 w1 w2", "o"]),
        AxisCase(
            "DepthToSpace", .depthToSpace(DepthToSpace(blockSize: 2)), [.floats([2, 8, 2, 3])], ["0 o w2 w3"]),
        AxisCase(
            "DepthToSpace by column", .depthToSpace(DepthToSpace(blockSize: 2, order: .columnFirst)),
            [.floats([2, 8, 2, 3])], ["0 w1 w2 w3"], slack: 3),
        AxisCase(
            "SpaceToDepth", .spaceToDepth(SpaceToDepth(blockSize: 2)), [.floats([2, 3, 4, 6])], ["0 w1 w2 w3"],
            slack: 1),
        AxisCase(
            "SpaceToDepth by column", .spaceToDepth(SpaceToDepth(blockSize: 2, order: .columnFirst)),
            [.floats([2, 3, 4, 6])], ["0 w1 w2 w3"], slack: 1),
        AxisCase(
            "CenterCropPad", .centerCropPad(CenterCropPad()), [.floats([2, 7, 4]), .integers([2, 4, 7])],
            ["0 w1 w2", "o"]),
        AxisCase(
            "Col2Im", .columnsToImage(ColumnsToImage()), [.floats([2, 8, 6]), .integers([3, 4]), .integers([2, 2])],
            ["0 w1 o", "o", "o"], slack: 3),
        AxisCase(
            "ReverseSequence", .reverseSequence(ReverseSequence()), [.floats([4, 2, 3]), .integers([3, 2])],
            ["g 1 2", "1"], hides: true),
        AxisCase("Shape", .shapeOf(ShapeOf()), [.floats([2, 3])], ["-"]),
        AxisCase("EyeLike", .eyeLike(EyeLike()), [.floats([2, 3])], ["-"]),
        AxisCase(
            "OneHot", .oneHot(OneHot(axis: 1)), [.indices([2, 3], below: 4), .integers([5]), .scale([0.5, 2])],
            ["0 2", "s", "r"], hides: true),
        AxisCase(
            "AffineGrid", .affineGrid(AffineGrid()), [.floats([2, 2, 3]), .integers([2, 1, 3, 4])], ["0 3 r", "o"],
            hides: true),
        AxisCase(
            "GridSample", .gridSample(GridSample()), [.floats([2, 3, 4, 5]), .floats([2, 2, 3, 2])],
            ["0 1 g g", "0 2 3 r"], hides: true),
    ]

    static let resampling: [AxisCase] = [
        resized("nearest, twice as large", [1, 1, 2, 2], ["0 1 w2 w3"]) { $0.mode = .nearest },
        resized("nearest by division, twice as large", [1, 1, 2, 1], ["0 1 w2 3"]) {
            ($0.mode, $0.coordinates, $0.rounding) = (.nearest, .asymmetric, .floor)
        },
        resized("nearest above, half as large", [1, 1, 0.5, 0.5], ["0 1 w2 w3"]) {
            ($0.mode, $0.coordinates, $0.rounding) = (.nearest, .asymmetric, .ceiling)
        },
        resized("linear, twice as large", [1, 1, 2, 2], ["0 1 w2 w3"]) { $0.mode = .linear },
        resized("linear, three times as large", [1, 1, 1, 3], ["0 1 2 w3"], slack: 1) { $0.mode = .linear },
        resized("linear, half as large", [1, 1, 0.5, 0.5], ["0 1 w2 w3"]) { $0.mode = .linear },
        resized("linear between corners", [1, 1, 1, 1.5], ["0 1 2 w3"], slack: 2) {
            ($0.mode, $0.coordinates) = (.linear, .alignCorners)
        },
        resized("cubic, twice as large", [1, 1, 2, 2], ["0 1 w2 w3"]) { $0.mode = .cubic },
        resized("antialiased, half as large", [1, 1, 0.5, 0.5], ["0 1 w2 w3"]) {
            ($0.mode, $0.antialias) = (.linear, true)
        },
        resized("by a scale that is no ratio of extents", [1, 1, 1.3, 1], ["0 1 o 3"]) { $0.mode = .linear },
    ]

    private static func resized(
        _ name: String, _ scales: [Float], _ expected: [String], slack: Int = 0, _ configure: (inout Resize) -> Void
    ) -> AxisCase {
        var resize = Resize()
        configure(&resize)
        return AxisCase(
            "Resize, \(name)", .resize(resize), [.floats([2, 2, 4, 6]), .absent, .scale(scales)],
            expected + [".", "o"], slack: slack)
    }
}
