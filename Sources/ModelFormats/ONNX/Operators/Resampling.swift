internal import Graphs
internal import Tensors

extension ONNXOperator {
    static let resampling: [String: ONNXOperator] = [
        "Resize": ONNXOperator([10, 11, 13, 18, 19], inputs: 1...4) { node, assembly throws(ConversionError) in
            if node.version == 10 {
                try upsample(node, &assembly, scales: node.requiredInput(1))
            } else {
                try resize(node, &assembly)
            }
        },
        "Upsample": ONNXOperator([7, 9, 10], inputs: 1...2) { node, assembly throws(ConversionError) in
            if node.version < 9 {
                guard let scales = try node.floats("scales") else {
                    throw .malformed("the attribute 'scales' is missing")
                }
                try upsample(node, &assembly, scales: assembly.addConstant(node, "scales", Tensor(scales)))
            } else {
                try upsample(node, &assembly, scales: node.requiredInput(1))
            }
        },
        "GridSample": ONNXOperator([16, 20, 22], inputs: 2) { node, assembly throws(ConversionError) in
            var attributes = GridSample(alignsCorners: try node.flag("align_corners"))
            attributes.padding = try node.word("padding_mode", default: .zeros)
            switch try node.string("mode") ?? "linear" {
            case "nearest": attributes.mode = .nearest
            case "linear", "bilinear": attributes.mode = .linear
            case "cubic", "bicubic": attributes.mode = .cubic
            case let other: throw .inexpressible("mode '\(other)'")
            }
            assembly.finish(node, .gridSample(attributes), node.inputs)
        },
    ]

    private static func resize(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        var attributes = Resize()
        attributes.mode = try node.word("mode", default: .nearest)
        attributes.coordinates = try node.word("coordinate_transformation_mode", default: .halfPixel)
        attributes.rounding = try node.word("nearest_mode", default: .preferFloor)
        guard attributes.rounding != .floorGrowing else { throw .inexpressible("nearest_mode 'floorGrowing'") }
        attributes.cubicCoefficient = try node.float("cubic_coeff_a", default: -0.75)
        attributes.excludesOutside = try node.flag("exclude_outside")
        attributes.extrapolationValue = try node.float("extrapolation_value", default: 0)
        attributes.antialias = try node.flag("antialias")
        attributes.axes = try node.ints("axes")
        attributes.aspectRatio = try node.word("keep_aspect_ratio_policy", default: .stretch)
        var inputs: [ValueID?] = (0..<4).map(node.input)
        // An empty tensor is how opset 11 leaves an operand out.
        for index in 1...3 where assembly.type(ofConstant: inputs[index])?.shape.elementCount == 0 {
            inputs[index] = nil
        }
        if attributes.coordinates != .cropAndResize { inputs[1] = nil }
        guard inputs[2] != nil || inputs[3] != nil else { throw .malformed("either scales or sizes are needed") }
        if inputs[2] != nil, inputs[3] != nil { throw .malformed("both scales and sizes are there") }
        finish(node, &assembly, attributes, inputs)
    }

    /// What lies between whole numbers is computed in float32 and cut off, as ONNX Runtime has it.
    private static func finish(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, _ attributes: Resize, _ inputs: [ValueID?]
    ) {
        guard attributes.mode != .nearest, let input = inputs[0], let dtype = assembly.dtypes[input], dtype.isInteger
        else { return assembly.finish(node, .resize(attributes), inputs) }
        let number = assembly.cast(node, "number", input, to: .float32)
        let resized = assembly.emit(node, "resized", .resize(attributes), [number] + inputs.dropFirst())
        assembly.finish(node, .cast(Cast(to: dtype)), [resized])
    }

    /// The rule before opset 11: coordinates are divided by the scale, and rounded down when the tensor grows.
    private static func upsample(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, scales: ValueID
    ) throws(ConversionError) {
        var attributes = Resize()
        switch try node.string("mode") ?? "nearest" {
        case "nearest": attributes.mode = .nearest
        case "linear", "bilinear": attributes.mode = .linear
        case let other: throw .inexpressible("mode '\(other)'")
        }
        attributes.coordinates = .asymmetric
        attributes.rounding = .floorGrowing
        finish(node, &assembly, attributes, [node.input(0), nil, scales])
    }
}
