internal import Graphs

/// How an operator of the standard becomes nodes of a `Graph`.
struct ONNXOperator: Sendable {
    typealias Conversion = @Sendable (ONNXNode, inout GraphAssembly) throws(ConversionError) -> Void

    /// The operator sets that changed its definition, from the oldest that the conversion knows to the newest that
    /// exists.
    let versions: [Int]
    let inputs: ClosedRange<Int>
    let outputs: ClosedRange<Int>
    /// Whether operand 0 may be left out though others are there.
    let mayLackFirst: Bool
    let convert: Conversion

    init(
        _ versions: [Int], inputs: ClosedRange<Int>, outputs: ClosedRange<Int> = 1...1,
        mayLackFirst: Bool = false, convert: @escaping Conversion
    ) {
        self.versions = versions
        self.inputs = inputs
        self.outputs = outputs
        self.mayLackFirst = mayLackFirst
        self.convert = convert
    }

    init(_ versions: [Int], inputs: Int, convert: @escaping Conversion) {
        self.init(versions, inputs: inputs...inputs, convert: convert)
    }

    /// Any number that the file chooses.
    static let anyNumber = 1...(1 << 20)

    /// The version in effect for a model's operator set; nil where that is too old.
    func version(opset: Int) -> Int? { versions.last { $0 <= opset } }

    /// The operator sets that all conversions know.
    static let newestOpset = 28

    /// All conversions, by operator type.
    static let table: [String: ONNXOperator] = {
        let families = [
            elementwise, activations, logic, convolutions, pooling, normalizations, linearAlgebra, reductions, layout,
            indexing, resampling, shapes, transformers, controlFlow, sequences, recurrent, quantization, losses,
            sampling, signals, terms, random,
        ]
        return families.reduce(into: [:]) { table, family in
            table.merge(family) { _, _ in preconditionFailure("one operator in two families") }
        }
    }()
}

extension ONNXOperator {
    /// Models of machine learning that are no networks, and what is used around them.
    static let learnedDomain = "ai.onnx.ml"

    /// The conversion of an operator of a domain, where there is one.
    static func named(_ type: String, domain: String) -> ONNXOperator? {
        if GraphReading.standardDomains.contains(domain) { return table[type] }
        switch domain {
        case contributedDomain: return contributed[type]
        case learnedDomain: return learnedFeatures[type] ?? learnedModels[type]
        default: return nil
        }
    }
}

extension ONNXNode {
    /// The conversion of an operator whose operands are the same here, in the same order.
    static func direct(_ operation: Operation) -> ONNXOperator.Conversion {
        { node, assembly in assembly.finish(node, operation, node.inputs) }
    }
}
