import Graphs
import Tensors

extension AxisCase {
    static let pools: [AxisCase] = [
        AxisCase(
            "MaxPool", .pooling(pool(.maximum(columnMajorIndices: false))), [.floats([2, 3, 6, 7])], ["0 1 w2 w3"],
            ["0 1 w2 w3"]),
        AxisCase(
            "AveragePool", .pooling(pool(.average(countsPadding: false), roundsUp: true)), [.floats([2, 3, 6, 7])],
            ["0 1 w2 w3"]),
        AxisCase("LpPool", .pooling(pool(.norm(p: 2))), [.floats([2, 3, 6, 7])], ["0 1 w2 w3"]),
        AxisCase(
            "GlobalAveragePool", .globalPooling(GlobalPooling(.average)), [.floats([2, 3, 4, 5])], ["0 1 r r"]),
        AxisCase("GlobalMaxPool", .globalPooling(GlobalPooling(.maximum)), [.floats([2, 3, 4])], ["0 1 r"]),
        AxisCase("GlobalLpPool", .globalPooling(GlobalPooling(.norm(p: 2))), [.floats([2, 3, 4])], ["0 1 r"]),
        AxisCase(
            "MaxUnpool", .maximumUnpooling(MaximumUnpooling(kernel: [2], window: stride2)),
            [.floats([1, 2, 3]), .indices([1, 2, 3], below: 12)], ["o o o", "o o o"], hides: true),
        AxisCase(
            "RoiAlign", .regionAlignment(RegionAlignment(height: 2, width: 2, samples: 2)),
            [.floats([2, 3, 5, 5]), .positive([4, 4]), .indices([4], below: 2)], ["g 1 g g", "0 r", "0"], hides: true),
        AxisCase(
            "MaxRoiPool", .regionPooling(RegionPooling(height: 2, width: 2)),
            [.floats([2, 3, 5, 5]), .positive([4, 5])],
            ["g 1 g g", "0 r"], hides: true),
    ]

    private static let stride2 = SpatialWindow(
        strides: [2], dilations: [1], padding: .explicit(before: [0], after: [0]))

    private static func pool(_ kind: Pooling.Kind, roundsUp: Bool = false) -> Pooling {
        Pooling(
            kind: kind, kernel: [3, 2],
            window: SpatialWindow(
                strides: [2, 3], dilations: [1, 1], padding: .explicit(before: [1, 0], after: [1, 0])),
            roundsUp: roundsUp)
    }

    static let norms: [AxisCase] = [
        AxisCase(
            "LRN", .localResponseNormalization(LocalResponseNormalization(size: 4, alpha: 0.1)), [.floats([2, 7, 3])],
            ["0 w1 2"]),
        AxisCase("Softmax", .softmax(Softmax(axis: 1)), [.floats([2, 3, 4])], ["0 r 2"]),
        AxisCase(
            "LogSoftmax of opset 11", .softmax(Softmax(kind: .logSoftmax, axis: 1, flattensFromAxis: true)),
            [.floats([2, 3, 4])], ["0 r r"]),
        AxisCase("Hardmax", .softmax(Softmax(kind: .hardmax)), [.floats([2, 3])], ["0 r"], hides: true),
        AxisCase(
            "InstanceNormalization", .instanceNormalization(InstanceNormalization()),
            [.floats([2, 3, 4]), .floats([3]), .floats([3])], ["0 1 r", "1", "1"]),
        AxisCase(
            "GroupNormalization", .groupNormalization(GroupNormalization(groups: 2)),
            [.floats([2, 6, 4]), .floats([6]), .floats([6])], ["0 w1 r", "1", "1"]),
        AxisCase(
            "GroupNormalization of opset 18", .groupNormalization(GroupNormalization(groups: 2)),
            [.floats([2, 6, 4]), .floats([2]), .floats([2])], ["0 w1 r", "w1", "w1"]),
        AxisCase(
            "LayerNormalization", .layerNormalization(LayerNormalization(axis: 1)),
            [.floats([2, 3, 4]), .floats([3, 4]), .floats([4])], ["0 r r", "1 2", "2"], ["0 r r", "-", "-"],
            ["0 r r", "-", "-"]),
        AxisCase(
            "RMSNormalization", .layerNormalization(LayerNormalization(subtractsMean: false)),
            [.floats([2, 3, 4]), .floats([1, 4])], ["0 1 r", "s 2"]),
        AxisCase(
            "ReduceMean", .reduction(Reduction(kind: .mean)), [.floats([2, 3, 4]), .integers([1])], ["0 r 2", "o"]),
        AxisCase(
            "ReduceMax without its axes", .reduction(Reduction(kind: .maximum, keepsDimensions: false)),
            [.floats([2, 3, 4]), .integers([0, -1])], ["r 0 r", "o"]),
        AxisCase(
            "ArgMax", .reduction(Reduction(kind: .indexOfMaximum, keepsDimensions: false)),
            [.floats([2, 5, 3]), .integers([1])], ["0 r 1", "o"]),
        AxisCase("CumSum", .cumulation(Cumulation()), [.floats([2, 5]), .integers([1])], ["0 w1", "o"]),
        AxisCase(
            "CumSum before each, from the end", .cumulation(Cumulation(isExclusive: true, isReversed: true)),
            [.floats([5, 2]), .integers([0])], ["w0 1", "o"]),
        AxisCase(
            "TopK", .topK(TopK(axis: 1)), [.floats([2, 5, 3]), .integers([2])], ["0 r 2", "o"], ["0 r 2", "o"]),
        AxisCase(
            "DFT", .fourierTransform(FourierTransform(axis: 1)), [.floats([2, 5, 3, 2])], ["0 r 2 r"], hides: true),
        AxisCase(
            "STFT", .shortTimeFourierTransform(ShortTimeFourierTransform()),
            [.floats([2, 12, 1]), .integers([3]), .positive([4])], ["0 w1 r", "o", "r"], hides: true),
    ]

    static let learned: [AxisCase] = [
        AxisCase("TreeEnsemble", .treeEnsemble(stump), [.floats([3, 2])], ["0 r"], hides: true),
        AxisCase(
            "TfIdfVectorizer",
            .termFrequency(
                TermFrequency(
                    terms: [.init(items: [1], entry: 0), .init(items: [1, 2], entry: 1)], entryCount: 2,
                    weighting: .count, weights: [], skipLimit: 0)), [.indices([3, 4], below: 3)], ["0 r"], hides: true),
        AxisCase(
            "TfIdfVectorizer of one text",
            .termFrequency(
                TermFrequency(
                    terms: [.init(items: [1], entry: 0)], entryCount: 1, weighting: .count, weights: [], skipLimit: 0)),
            [.indices([4], below: 3)], ["r"], hides: true),
    ]

    /// One tree of one question.
    private static let stump: TreeEnsemble = {
        func leaf(_ weight: Int) -> TreeEnsemble.Node {
            .init(rule: .leaf, takesMissing: false, feature: 0, value: 0, ifTrue: weight, ifFalse: weight + 1)
        }
        let question = TreeEnsemble.Node(
            rule: .less, takesMissing: false, feature: 1, value: 0, ifTrue: 1, ifFalse: 2)
        return TreeEnsemble(
            nodes: [question, leaf(0), leaf(1)], roots: [0],
            weights: [.init(target: 0, value: 3), .init(target: 1, value: 4)], targetCount: 2, aggregate: .sum)
    }()

    static let all = [
        elementwise, layout, resampling, products, attention, recurrent, quantised, pools, norms, learned,
    ]
    .joined()
}
