internal import Graphs

extension ONNXOperator {
    /// Elements picked or placed by index.
    static let indexing: [String: ONNXOperator] = {
        var table: [String: ONNXOperator] = [
            "Gather": ONNXOperator([1, 11, 13], inputs: 2) { node, assembly throws(ConversionError) in
                let axis = try node.int("axis") ?? 0
                assembly.finish(node, .gather(Gather(axis: axis)), node.inputs)
            },
            "GatherElements": ONNXOperator([11, 13], inputs: 2) { node, assembly throws(ConversionError) in
                let axis = try node.int("axis") ?? 0
                assembly.finish(node, .gatherElements(GatherElements(axis: axis)), node.inputs)
            },
            "GatherND": ONNXOperator([11, 12, 13], inputs: 2) { node, assembly throws(ConversionError) in
                let batchAxes = try node.int("batch_dims") ?? 0
                assembly.finish(node, .gatherND(GatherND(batchAxes: batchAxes)), node.inputs)
            },
            "ScatterND": ONNXOperator([11, 13, 16, 18], inputs: 3) { node, assembly throws(ConversionError) in
                let reduction = try node.word("reduction", default: ScatterReduction.replace)
                assembly.finish(node, .scatterND(ScatterND(reduction: reduction)), node.inputs)
            },
            "OneHot": ONNXOperator([9, 11, 28], inputs: 3) { node, assembly throws(ConversionError) in
                let axis = try node.int("axis") ?? -1
                assembly.finish(node, .oneHot(OneHot(axis: axis)), node.inputs)
            },
            "NonZero": ONNXOperator([9, 13], inputs: 1, convert: ONNXNode.direct(.nonZero(NonZero()))),
            "Compress": ONNXOperator([9, 11, 28], inputs: 2) { node, assembly throws(ConversionError) in
                assembly.finish(node, .compress(Compress(axis: try node.int("axis"))), node.inputs)
            },
            "Unique": ONNXOperator([11, 28], inputs: 1...1, outputs: 1...4) { node, assembly throws(ConversionError) in
                let attributes = Unique(axis: try node.int("axis"), isSorted: try node.flag("sorted", default: true))
                assembly.finish(node, .unique(attributes), node.inputs)
            },
            "NonMaxSuppression": ONNXOperator([10, 11], inputs: 2...5) { node, assembly throws(ConversionError) in
                let attributes = NonMaxSuppression(boxesHaveCenters: try node.flag("center_point_box"))
                assembly.finish(node, .nonMaxSuppression(attributes), node.inputs)
            },
        ]
        // One operator under two names.
        for (name, versions) in [("ScatterElements", [11, 13, 16, 18]), ("Scatter", [9, 11])] {
            table[name] = ONNXOperator(versions, inputs: 3) { node, assembly throws(ConversionError) in
                let attributes = ScatterElements(
                    axis: try node.int("axis") ?? 0, reduction: try node.word("reduction", default: .replace))
                assembly.finish(node, .scatterElements(attributes), node.inputs)
            }
        }
        return table
    }()
}
