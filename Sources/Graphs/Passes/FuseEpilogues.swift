public import Tensors

/// Moves what follows a convolution or matrix product element by element into it: a bias, a residual, an activation.
///
/// For the graph of one stage, after partitioning. Value identifiers stay as they are, and so do the stage's outputs
/// and every value that has more than one use.
///
/// A cut between two nodes must change no bit, so a product takes in only what it then computes as the node of its own
/// would: on the finished sum, in the type in which the sum would have been stored. Kernels add and activate in float32
/// where a value has half precision; the rounding between two nodes would be lost, and so nothing is fused there.
public enum FuseEpilogues {
    /// - Parameter types: of each value, by `ValueID.index`; nil where unknown, which keeps what follows from being
    ///   fused.
    public static func apply(_ graph: Graph, types: [TensorType?]) -> Graph {
        var fusion = Fusion(graph, types: types)
        fusion.run()
        return fusion.result
    }

    /// Activations that a kernel applies as part of computing the result.
    static func isFusible(_ activation: Unary) -> Bool {
        switch activation.function {
        case .relu, .leakyRelu, .clip, .sigmoid, .hardSigmoid, .tanh, .elu, .selu, .celu, .softplus, .softsign, .silu,
            .hardSwish, .gelu, .geluTanh, .mish:
            true
        default: false
        }
    }
}

private struct Fusion {
    private let graph: Graph
    private let types: [TensorType?]
    private var nodes: [Node]
    private var isGone: [Bool]
    /// By `ValueID.index`: the nodes that take a value, once for each use.
    private var uses: [[Int]]
    /// By `ValueID.index`: the place of the node that makes a value; -1 for what is there from the start.
    private var made: [Int]
    private let outputs: Set<ValueID>
    private let isLoadTime: [Bool]

    init(_ graph: Graph, types: [TensorType?]) {
        self.graph = graph
        self.types = types
        nodes = graph.nodes
        isGone = [Bool](repeating: false, count: graph.nodes.count)
        uses = [[Int]](repeating: [], count: graph.valueNames.count)
        made = [Int](repeating: -1, count: graph.valueNames.count)
        outputs = Set(graph.outputs)
        var isLoadTime = [Bool](repeating: false, count: graph.valueNames.count)
        for value in graph.constants.keys { isLoadTime[value.index] = true }
        for (index, (node, constant)) in zip(graph.nodes, graph.loadTimeNodes()).enumerated() {
            for case let input? in node.inputs { uses[input.index].append(index) }
            for case let output? in node.outputs {
                made[output.index] = index
                isLoadTime[output.index] = constant
            }
        }
        self.isLoadTime = isLoadTime
    }

    var result: Graph {
        var result = graph
        result.nodes = zip(nodes, isGone).compactMap { $1 ? nil : $0 }
        return result
    }

    mutating func run() {
        for index in nodes.indices {
            while !isGone[index], let next = follower(of: index), fuse(next, into: index) {}
        }
    }

    /// The one node that takes what a product makes, where nobody else does.
    private func follower(of index: Int) -> Int? {
        switch nodes[index].operation {
        case .convolution, .convolutionTranspose, .matrixProduct, .gemm: break
        default: return nil
        }
        guard nodes[index].outputs.count == 1, let output = nodes[index].outputs[0], !outputs.contains(output),
            uses[output.index].count == 1
        else { return nil }
        return uses[output.index][0]
    }

    private mutating func fuse(_ next: Int, into index: Int) -> Bool {
        let follower = nodes[next]
        guard follower.outputs.count == 1, let output = follower.outputs[0], let own = nodes[index].outputs[0],
            nodes[index].operation.activation == nil, let type = types[own.index], !type.dtype.isHalfPrecision
        else { return false }
        switch follower.operation {
        case .unary(let unary) where FuseEpilogues.isFusible(unary): nodes[index].operation.activation = unary
        case .binary(let binary) where binary.function == .add && follower.inputs.count == 2:
            guard let other = follower.inputs[0] == own ? follower.inputs[1] : follower.inputs[0],
                made[other.index] < index, fuseSum(with: other, own: own, output: output, into: index)
            else { return false }
            uses[other.index] = uses[other.index].map { $0 == next ? index : $0 }
        default: return false
        }
        nodes[index].outputs = [output]
        made[output.index] = index
        isGone[next] = true
        return true
    }

    /// Takes in the other operand of a sum as the residual or as the bias.
    private mutating func fuseSum(with other: ValueID, own: ValueID, output: ValueID, into index: Int) -> Bool {
        guard let type = types[own.index], types[output.index] == type, let otherType = types[other.index],
            otherType.dtype == type.dtype
        else { return false }
        let operands = nodes[index].inputs.count
        switch nodes[index].operation {
        case .convolution:
            guard !isLoadTime[other.index], otherType == type, operands <= 3 else { return false }
            nodes[index].inputs += [ValueID?](repeating: nil, count: 3 - operands) + [other]
        case .matrixProduct:
            // The product with a vector has no axis of columns.
            guard let weights = nodes[index].inputs[1], let right = types[weights.index], right.shape.rank >= 2 else {
                return false
            }
            if operands == 2, isLoadTime[other.index], otherType.shape.rank == 1, type.shape.rank > 0,
                otherType.shape[0] == type.shape[type.shape.rank - 1]
            {
                nodes[index].inputs.append(other)
                return true
            }
            // Only packed weights add to the finished sum, as the separate node would.
            guard operands <= 3, !isLoadTime[other.index], otherType == type, type.dtype == .float32,
                isLoadTime[weights.index], right.shape.rank == 2
            else { return false }
            nodes[index].inputs += [ValueID?](repeating: nil, count: 3 - operands) + [other]
        case .gemm(var attributes):
            guard isLoadTime[other.index], operands == 2, type.shape.rank == 2, otherType.shape == [type.shape[1]]
            else { return false }
            attributes.beta = 1
            nodes[index].operation = .gemm(attributes)
            nodes[index].inputs.append(other)
        default: return false
        }
        return true
    }
}

extension Operation {
    /// What a product applies to its result.
    fileprivate var activation: Unary? {
        get {
            switch self {
            case .convolution(let attributes): attributes.activation
            case .convolutionTranspose(let attributes): attributes.activation
            case .matrixProduct(let attributes): attributes.activation
            case .gemm(let attributes): attributes.activation
            default: nil
            }
        }
        set {
            switch self {
            case .convolution(var attributes):
                attributes.activation = newValue
                self = .convolution(attributes)
            case .convolutionTranspose(var attributes):
                attributes.activation = newValue
                self = .convolutionTranspose(attributes)
            case .matrixProduct(var attributes):
                attributes.activation = newValue
                self = .matrixProduct(attributes)
            case .gemm(var attributes):
                attributes.activation = newValue
                self = .gemm(attributes)
            default: break
            }
        }
    }
}
