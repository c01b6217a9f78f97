public import Graphs
internal import Tensors

/// How the tokens of a text become one vector.
public struct Embedding: Sendable, Hashable, Codable {
    public enum Pooling: String, Sendable, Hashable, Codable, CaseIterable {
        /// Of the tokens that the mask counts.
        case mean
        /// The first token's.
        case cls
    }

    public var pooling: Pooling
    /// Whether vectors get a length of 1.
    public var normalizes: Bool

    public init(pooling: Pooling, normalizes: Bool) {
        self.pooling = pooling
        self.normalizes = normalizes
    }

    /// What the output is called.
    public static let outputName = "sentence_embedding"

    /// Why a graph cannot be given one.
    public struct Misfit: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// The graph with one output in place of its own: a vector for each text, as sentence-transformers computes it
    /// (https://sbert.net/docs/package_reference/sentence_transformer/models.html).
    ///
    /// The mean is the sum of the tokens times the mask, divided by the number of tokens, at least 1e-9; a vector is divided
    /// by its length, at least 1e-12.
    ///
    /// - Parameters:
    ///   - output: the name of the graph's output that holds a vector for each token; found by its usual names when nil.
    ///   - mask: the input that counts tokens, [batch, sequence]; without it every token counts.
    public func applied(to graph: Graph, output: String? = nil, mask: String? = "attention_mask") throws(Misfit)
        -> Graph
    {
        var graph = graph
        let tokens = try tokenOutput(of: graph, named: output)  // [batch, sequence, features]
        let maskInput = mask.flatMap { name in graph.inputs.first { graph.name(of: $0.value) == name } }
        var builder = Builder(graph: graph)
        var vector: ValueID
        switch pooling {
        case .cls:
            vector = builder.node("first_token", .gather(Gather(axis: 1)), [tokens, builder.scalar(Int64(0), "zero")])
        case .mean: vector = builder.mean(of: tokens, mask: maskInput)
        }
        if normalizes {
            let lengths = builder.node(
                "length", .reduction(Reduction(kind: .l2)), [vector, builder.integers([-1], "last_axis")])
            let bounded = builder.node(
                "bounded_length", .binary(Binary(.maximum)), [lengths, builder.scalar(Float(1e-12), "least_length")])
            vector = builder.node("normalized", .binary(Binary(.divide)), [vector, bounded])
        }
        graph = builder.graph
        let named = graph.addNode(named: Embedding.outputName, .identity(Identity()), [vector])
        graph.outputs = [named]
        return graph
    }

    private func tokenOutput(of graph: Graph, named name: String?) throws(Misfit) -> ValueID {
        let names = graph.outputs.map(graph.name(of:))
        let usual = ["last_hidden_state", "token_embeddings"]
        let wanted = name ?? usual.first(where: names.contains) ?? (names.count == 1 ? names[0] : nil)
        guard let wanted else {
            throw Misfit(
                description:
                    "the model has the outputs \(names.joined(separator: ", ")); say which of them holds a vector "
                    + "for each token, with embeddings.output")
        }
        guard let index = names.firstIndex(of: wanted) else {
            throw Misfit(
                description: "the model has no output '\(wanted)' (it has \(names.joined(separator: ", ")))")
        }
        return graph.outputs[index]
    }

    private struct Builder {
        var graph: Graph

        mutating func node(_ name: String, _ operation: Operation, _ inputs: [ValueID?]) -> ValueID {
            graph.addNode(named: "pooling/\(name)", operation, inputs)
        }

        mutating func scalar(_ number: some TensorElement, _ name: String) -> ValueID {
            graph.addConstant(named: "pooling/\(name)", .tensor(Tensor(scalar: number)))
        }

        mutating func integers(_ numbers: [Int64], _ name: String) -> ValueID {
            graph.addConstant(named: "pooling/\(name)", .tensor(Tensor(numbers)))
        }

        /// [batch, features] of [batch, sequence, features]
        mutating func mean(of tokens: ValueID, mask: Graph.Input?) -> ValueID {
            let sequence = integers([1], "sequence_axis")
            guard let mask else {
                return node(
                    "mean", .reduction(Reduction(kind: .mean, keepsDimensions: false)), [tokens, sequence])
            }
            let numbers = node("mask", .cast(Cast(to: .float32)), [mask.value])
            let wide = node("wide_mask", .unsqueeze(Unsqueeze()), [numbers, integers([2], "feature_axis")])
            let counted = node("counted", .binary(Binary(.multiply)), [tokens, wide])
            let sum = Operation.reduction(Reduction(kind: .sum, keepsDimensions: false))
            let total = node("sum", sum, [counted, sequence])
            let count = node("count", sum, [wide, sequence])
            let bounded = node(
                "bounded_count", .binary(Binary(.maximum)), [count, scalar(Float(1e-9), "least_count")])
            return node("mean", .binary(Binary(.divide)), [total, bounded])
        }
    }
}
