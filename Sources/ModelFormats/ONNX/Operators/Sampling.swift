internal import Graphs

extension ONNXOperator {
    /// Pieces of feature maps that lie between cells, and what puts pieces together again.
    static let sampling: [String: ONNXOperator] = [
        "AffineGrid": ONNXOperator([20], inputs: 2) { node, assembly throws(ConversionError) in
            let alignsCorners = try node.flag("align_corners")
            assembly.finish(node, .affineGrid(AffineGrid(alignsCorners: alignsCorners)), node.inputs)
        },
        "CenterCropPad": ONNXOperator([18], inputs: 2) { node, assembly throws(ConversionError) in
            let axes = try node.ints("axes")
            assembly.finish(node, .centerCropPad(CenterCropPad(axes: axes)), node.inputs)
        },
        "Col2Im": ONNXOperator([18], inputs: 3) { node, assembly throws(ConversionError) in
            let attributes = ColumnsToImage(
                strides: try node.ints("strides") ?? [], dilations: try node.ints("dilations") ?? [],
                pads: try node.ints("pads") ?? [])
            assembly.finish(node, .columnsToImage(attributes), node.inputs)
        },
        "DeformConv": ONNXOperator([19, 22], inputs: 3...5) { node, assembly throws(ConversionError) in
            let rank = try node.spatialRank(weights: node.requiredInput(1), assembly)
            let attributes = DeformableConvolution(
                window: try node.window(rank: rank), groups: try node.int("group") ?? 1,
                offsetGroups: try node.int("offset_group") ?? 1)
            assembly.finish(node, .deformableConvolution(attributes), node.inputs)
        },
        "MaxUnpool": ONNXOperator([9, 11, 22], inputs: 2...3) { node, assembly throws(ConversionError) in
            let kernel = try node.kernelShape()
            let attributes = MaximumUnpooling(kernel: kernel, window: try node.window(rank: kernel.count))
            assembly.finish(node, .maximumUnpooling(attributes), node.inputs)
        },
        "MaxRoiPool": ONNXOperator([1, 22], inputs: 2) { node, assembly throws(ConversionError) in
            guard let shape = try node.ints("pooled_shape"), shape.count == 2, shape.allSatisfy({ $0 > 0 }) else {
                throw .malformed("pooled_shape must be two positive numbers")
            }
            let attributes = RegionPooling(
                height: shape[0], width: shape[1], scale: try node.float("spatial_scale", default: 1))
            assembly.finish(node, .regionPooling(attributes), node.inputs)
        },
        "RoiAlign": ONNXOperator([10, 16, 22], inputs: 3) { node, assembly throws(ConversionError) in
            let attributes = RegionAlignment(
                height: try node.int("output_height") ?? 1, width: try node.int("output_width") ?? 1,
                mode: try node.word("mode", default: .average),
                // Before opset 16 there was only the one without the shift.
                coordinates: node.version < 16
                    ? .outputHalfPixel : try node.word("coordinate_transformation_mode", default: .halfPixel),
                samples: try node.int("sampling_ratio") ?? 0, scale: try node.float("spatial_scale", default: 1))
            guard attributes.height > 0, attributes.width > 0, 0..<1 << 14 ~= attributes.samples else {
                throw .malformed("output_height, output_width or sampling_ratio is out of range")
            }
            assembly.finish(node, .regionAlignment(attributes), node.inputs)
        },
    ]
}
