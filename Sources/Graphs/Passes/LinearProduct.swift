internal import Tensors

/// A convolution or matrix product whose weights can take in factors per output channel, seen alike.
struct LinearProduct {
    let name: String
    let weights: ValueID
    let bias: ValueID?
    let weightType: TensorType
    /// The axis of the weights that counts output channels.
    let channelAxis: Int
    /// Axes of the result, in which axis 1 counts channels.
    let resultRank: Int

    var channels: Int { weightType.shape[channelAxis] }

    /// Nil for other nodes, for those that something was fused into, and for weights of unknown shape.
    init?(_ node: Node, in graph: Graph) {
        guard node.inputs.count == 2 || node.inputs.count == 3, node.inputs[0] != nil, let weights = node.inputs[1],
            let type = LinearProduct.type(of: weights, in: graph, depth: 0)
        else { return nil }
        switch node.operation {
        case .convolution(let attributes) where attributes.activation == nil:
            channelAxis = 0
            resultRank = attributes.window.strides.count + 2
            guard type.shape.rank == resultRank else { return nil }
        case .convolutionTranspose(let attributes) where attributes.activation == nil && attributes.groups == 1:
            channelAxis = 1
            resultRank = attributes.window.strides.count + 2
            guard type.shape.rank == resultRank else { return nil }
        case .gemm(let attributes)
        where attributes.activation == nil && (attributes.beta == 1 || node.inputs.count == 2):
            channelAxis = attributes.transposeB ? 0 : 1
            resultRank = 2
            guard type.shape.rank == 2 else { return nil }
        default: return nil
        }
        name = node.name
        self.weights = weights
        bias = node.inputs.count == 3 ? node.inputs[2] : nil
        weightType = type
        // A bias of another shape is a mistake, or no bias per channel.
        if let bias, LinearProduct.type(of: bias, in: graph, depth: 0)?.shape != [channels] { return nil }
    }

    /// Whether a tensor of this shape that is combined with the result has one element per channel, or one in all.
    func isPerChannel(_ shape: Shape) -> Bool {
        guard shape.rank <= resultRank else { return false }
        let aligned = [Int](repeating: 1, count: resultRank - shape.rank) + shape.dimensions
        return aligned.enumerated().allSatisfy { axis, extent in extent == 1 || (axis == 1 && extent == channels) }
    }

    /// The type of a value made of constants, as far as this pass and fillers of weights go.
    private static func type(of value: ValueID, in graph: Graph, depth: Int) -> TensorType? {
        if let constant = graph.constants[value] { return constant.type }
        guard depth < 16, let node = graph.nodes.last(where: { $0.outputs.contains(value) }) else { return nil }
        switch node.operation {
        case .constantOfShape:
            let operands = Operands(
                node.inputs.map { input in
                    input.flatMap { graph.constants[$0] }.map { Operands.Operand(type: $0.type, constant: $0.tensor) }
                })
            return try? node.operation.attributes.outputTypes(of: operands).first
        case .binary, .unary:
            var operands: [Operands.Operand?] = []
            for input in node.inputs {
                guard let input, let type = type(of: input, in: graph, depth: depth + 1) else { return nil }
                operands.append(Operands.Operand(type: type))
            }
            return try? node.operation.attributes.outputTypes(of: Operands(operands)).first
        case .reshape:
            guard node.inputs.count == 2, let data = node.inputs[0], let shape = node.inputs[1],
                let type = type(of: data, in: graph, depth: depth + 1), let wanted = graph.constants[shape]
            else { return nil }
            let operands = Operands([.init(type: type), .init(type: wanted.type, constant: wanted.tensor)])
            return try? node.operation.attributes.outputTypes(of: operands).first
        default: return nil
        }
    }
}

/// Appends arithmetic over constants, to be put before the node that needs it.
struct ConstantArithmetic {
    var graph: Graph
    var nodes: [Node] = []
    let prefix: String

    mutating func node(_ name: String, _ operation: Operation, _ inputs: [ValueID?]) -> ValueID {
        let output = graph.addValue(named: "\(prefix)/\(name)")
        nodes.append(Node(name: "\(prefix)/\(name)", operation: operation, inputs: inputs, outputs: [output]))
        return output
    }

    mutating func binary(_ name: String, _ function: BinaryFunction, _ left: ValueID, _ right: ValueID) -> ValueID {
        node(name, .binary(Binary(function)), [left, right])
    }

    mutating func constant(_ name: String, _ tensor: Tensor) -> ValueID {
        graph.addConstant(named: "\(prefix)/\(name)", .tensor(tensor))
    }

    /// The weights with each output channel multiplied by its element of `factor` ([channels] or [1]).
    mutating func weights(of product: LinearProduct, times factor: ValueID) -> ValueID {
        var shape = [Int64](repeating: 1, count: product.weightType.shape.rank)
        shape[product.channelAxis] = -1
        let aligned = node("factor_aligned", .reshape(Reshape()), [factor, constant("factor_shape", Tensor(shape))])
        return binary("weights", .multiply, product.weights, aligned)
    }
}
