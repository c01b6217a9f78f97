public import Tensors

/// Decision trees over rows of features [rows, features], whose leaves' weights are gathered by target: [rows, targets].
///
/// Formula: the operators TreeEnsembleRegressor and TreeEnsembleClassifier of ONNX's domain ai.onnx.ml, without what they
/// add to and make of the gathered weights.
public struct TreeEnsemble: OperatorAttributes {
    /// When a row goes to the true child: where its feature compares with the node's value as the case says.
    public enum Rule: UInt8, Hashable, Codable, Sendable {
        case leaf, lessOrEqual, less, greaterOrEqual, greater, equal, notEqual
    }

    public struct Node: Hashable, Codable, Sendable {
        public var rule: Rule
        /// Whether a row whose feature is NaN goes to the true child.
        public var takesMissing: Bool
        public var feature: Int
        public var value: Float
        /// Nodes; of a leaf, where its weights begin and end.
        public var ifTrue: Int
        public var ifFalse: Int

        public init(rule: Rule, takesMissing: Bool, feature: Int, value: Float, ifTrue: Int, ifFalse: Int) {
            self.rule = rule
            self.takesMissing = takesMissing
            self.feature = feature
            self.value = value
            self.ifTrue = ifTrue
            self.ifFalse = ifFalse
        }
    }

    public struct Weight: Hashable, Codable, Sendable {
        public var target: Int
        public var value: Float

        public init(target: Int, value: Float) {
            self.target = target
            self.value = value
        }
    }

    /// How the weights of a target become one number. A target without weights has 0.
    public enum Aggregate: String, Hashable, Codable, Sendable { case sum, average, minimum, maximum }

    /// A parent comes before its children, so that every path ends.
    public var nodes: [Node]
    /// The first node of each tree.
    public var roots: [Int]
    public var weights: [Weight]
    public var targetCount: Int
    public var aggregate: Aggregate

    public init(nodes: [Node], roots: [Int], weights: [Weight], targetCount: Int, aggregate: Aggregate) {
        self.nodes = nodes
        self.roots = roots
        self.weights = weights
        self.targetCount = targetCount
        self.aggregate = aggregate
    }

    public var operatorName: String { "TreeEnsemble" }

    public func outputTypes(of operands: Operands) throws(InferenceError) -> [TensorType] {
        let input = try operands.type(0)
        guard input.dtype == .float32, input.shape.rank == 2 else {
            throw .mismatch("features must be float32 [rows, features], not \(input)")
        }
        if let last = nodes.lazy.filter({ $0.rule != .leaf }).map(\.feature).max(), last >= input.shape[1] {
            throw .mismatch("the trees ask for feature \(last), and there are \(input.shape[1])")
        }
        return [TensorType(.float32, try checkedShape([input.shape[0], targetCount]))]
    }

    public func axes(of operands: Operands, outputs: [TensorType]) throws(InferenceError) -> AxisRelations {
        AxisRelations(operands, [[.pointwise(0), .reduced]])
    }

    public func cost(of operands: [TensorType?], outputs: [TensorType]) -> Cost {
        // A balanced tree is as deep as the logarithm of its nodes.
        var (depth, size) = (1, nodes.count / max(roots.count, 1))
        while size > 1 { (depth, size) = (depth + 1, size / 2) }
        return Cost(
            flops: Double(outputs[0].shape.dimensions.first ?? 0) * Double(roots.count * depth) * 4,
            bytes: Cost.traffic(operands, outputs))
    }
}
