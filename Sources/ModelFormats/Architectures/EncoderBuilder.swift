internal import Graphs
internal import Tensors

/// A graph of an encoder that grows: nodes named after the weights that they use.
///
/// Between the blocks an activation is [batch * sequence, features], so that every linear layer is one product of two
/// matrices, with weights packed straight from the file.
struct EncoderBuilder {
    private(set) var graph: Graph
    let configuration: ModelConfiguration
    private let weights: SafetensorsWeights
    /// Comes before the names of weights: `bert.` where the encoder was saved with a head.
    let prefix: String
    private var constants: [String: ValueID] = [:]

    /// - Parameters:
    ///   - prefix: what may come before the names of the encoder's weights.
    ///   - probe: the weight that tells whether it does.
    init(
        _ configuration: ModelConfiguration, _ weights: SafetensorsWeights, prefix: String, probe: String
    ) {
        graph = Graph(name: configuration.architecture ?? configuration.modelType)
        self.configuration = configuration
        self.weights = weights
        self.prefix = weights.contains(prefix + probe) ? prefix : ""
    }

    func has(_ name: String) -> Bool { weights.contains(name) }

    // MARK: Inputs, outputs, constants

    /// A whole number for each token: [batch, sequence].
    mutating func tokenInput(_ name: String) -> ValueID {
        graph.addInput(named: name, dtype: .int64, dimensions: [.symbol("batch"), .symbol("sequence")])
    }

    /// An output under the name that a user sees.
    mutating func output(_ name: String, _ value: ValueID) {
        graph.outputs.append(node(name, .identity(Identity()), [value]))
    }

    mutating func node(_ name: String, _ operation: Operation, _ inputs: [ValueID?]) -> ValueID {
        graph.addNode(named: name, operation, inputs)
    }

    mutating func constant(_ name: String, _ tensor: Tensor) -> ValueID {
        if let value = constants[name] { return value }
        let value = graph.addConstant(named: name, .tensor(tensor))
        constants[name] = value
        return value
    }

    mutating func integers(_ numbers: [Int]) -> ValueID {
        constant("integers \(numbers)", Tensor(numbers.map(Int64.init)))
    }

    mutating func scalar(_ number: Float) -> ValueID { constant("number \(number)", Tensor(scalar: number)) }

    /// A weight in float32, whatever the file has: what is stored in half precision is widened by the rank that needs it.
    mutating func weight(_ name: String, _ shape: Shape) throws(ModelError) -> ValueID {
        if let value = constants[name] { return value }
        let constant = try weights.constant(name, shape: shape)
        var value = graph.addConstant(named: name, constant)
        if constant.type.dtype != .float32 {
            value = node("\(name)/float32", .cast(Cast(to: .float32)), [value])
        }
        constants[name] = value
        return value
    }

    // MARK: Layers

    /// x * weight^T + bias, for x of [rows, `from`].
    mutating func linear(_ name: String, _ x: ValueID, from: Int, to: Int) throws(ModelError) -> ValueID {
        node(
            name, .gemm(Gemm(transposeB: true)),
            [x, try weight("\(name).weight", [to, from]), try weight("\(name).bias", [to])])
    }

    mutating func normalize(_ name: String, _ x: ValueID, features: Int, epsilon: Double) throws(ModelError) -> ValueID
    {
        node(
            name, .layerNormalization(LayerNormalization(axis: -1, epsilon: Float(epsilon))),
            [x, try weight("\(name).weight", [features]), try weight("\(name).bias", [features])])
    }

    mutating func add(_ name: String, _ left: ValueID, _ right: ValueID) -> ValueID {
        node(name, .binary(Binary(.add)), [left, right])
    }

    /// A row of a table for each of the indices.
    mutating func embed(_ name: String, _ indices: ValueID, count: Int, features: Int) throws(ModelError) -> ValueID {
        node(name, .gather(Gather(axis: 0)), [try weight("\(name).weight", [count, features]), indices])
    }

    /// The first token's row of each sequence: [batch, features] from [batch, sequence, features].
    mutating func firstToken(_ name: String, _ x: ValueID) -> ValueID {
        node(name, .gather(Gather(axis: 1)), [x, constant("index 0", Tensor(scalar: Int64(0)))])
    }
}
