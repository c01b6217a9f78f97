internal import Graphs

extension ONNXOperator {
    static let convolutions: [String: ONNXOperator] = [
        "Conv": ONNXOperator([1, 11, 22], inputs: 2...3) { node, assembly throws(ConversionError) in
            let rank = try node.spatialRank(weights: node.requiredInput(1), assembly)
            let attributes = Convolution(window: try node.window(rank: rank), groups: try groups(node))
            assembly.finish(node, .convolution(attributes), node.inputs)
        },
        "ConvTranspose": ONNXOperator([1, 11, 22], inputs: 2...3) { node, assembly throws(ConversionError) in
            let rank = try node.spatialRank(weights: node.requiredInput(1), assembly)
            let outputPadding = try node.ints("output_padding") ?? [Int](repeating: 0, count: rank)
            var outputShape = try node.ints("output_shape")
            // Some tools write the batch and channel axes too.
            if let shape = outputShape, shape.count == rank + 2 { outputShape = Array(shape.dropFirst(2)) }
            guard outputPadding.count == rank, outputShape.map({ $0.count == rank }) ?? true else {
                throw .malformed("output_padding or output_shape do not fit \(rank) spatial axes")
            }
            let attributes = ConvolutionTranspose(
                window: try node.window(rank: rank), groups: try groups(node), outputPadding: outputPadding,
                outputShape: outputShape)
            assembly.finish(node, .convolutionTranspose(attributes), node.inputs)
        },
    ]

    static func groups(_ node: ONNXNode) throws(ConversionError) -> Int {
        let groups = try node.int("group") ?? 1
        guard groups > 0 else { throw .malformed("group \(groups) must be positive") }
        return groups
    }
}
