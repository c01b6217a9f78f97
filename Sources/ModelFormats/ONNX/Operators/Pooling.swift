internal import Graphs

extension ONNXOperator {
    static let pooling: [String: ONNXOperator] = [
        "MaxPool": ONNXOperator([1, 8, 10, 11, 12, 22], inputs: 1...1, outputs: 1...2) {
            node, assembly throws(ConversionError) in
            let columnMajor = try node.flag("storage_order")
            try pool(node, &assembly, .maximum(columnMajorIndices: columnMajor))
        },
        "AveragePool": ONNXOperator([1, 7, 10, 11, 19, 22], inputs: 1) { node, assembly throws(ConversionError) in
            let countsPadding = try node.flag("count_include_pad")
            try pool(node, &assembly, .average(countsPadding: countsPadding))
        },
        "LpPool": ONNXOperator([2, 11, 18, 22], inputs: 1) { node, assembly throws(ConversionError) in
            let p = try norm(node)
            try pool(node, &assembly, .norm(p: p))
        },
        "GlobalMaxPool": ONNXOperator([1, 22], inputs: 1, convert: ONNXNode.direct(.globalPooling(.init(.maximum)))),
        "GlobalAveragePool": ONNXOperator(
            [1, 22], inputs: 1, convert: ONNXNode.direct(.globalPooling(.init(.average)))),
        "GlobalLpPool": ONNXOperator([2, 22], inputs: 1) { node, assembly throws(ConversionError) in
            let p = try norm(node)
            assembly.finish(node, .globalPooling(GlobalPooling(.norm(p: p))), node.inputs)
        },
    ]

    private static func norm(_ node: ONNXNode) throws(ConversionError) -> Int {
        let p = try node.int("p") ?? 2
        guard p > 0 else { throw .malformed("p is \(p), and must be positive") }
        return p
    }

    private static func pool(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ kind: Pooling.Kind
    ) throws(ConversionError) {
        let kernel = try node.kernelShape()
        let attributes = Pooling(
            kind: kind, kernel: kernel, window: try node.window(rank: kernel.count),
            roundsUp: try node.flag("ceil_mode"))
        assembly.finish(node, .pooling(attributes), node.inputs)
    }
}
