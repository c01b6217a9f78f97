internal import Graphs
internal import Tensors

extension ONNXOperator {
    /// Spectra, and windows as the cosines that they are.
    static let signals: [String: ONNXOperator] = {
        var table: [String: ONNXOperator] = [
            "DFT": ONNXOperator([17, 20], inputs: 1...3) { node, assembly throws(ConversionError) in
                var attributes = FourierTransform(
                    isInverse: try node.flag("inverse"), isOneSided: try node.flag("onesided"))
                if node.version < 20 { attributes.axis = try node.int("axis") ?? 1 }
                assembly.finish(node, .fourierTransform(attributes), node.inputs)
            },
            "STFT": ONNXOperator([17], inputs: 2...4) { node, assembly throws(ConversionError) in
                let isOneSided = try node.flag("onesided", default: true)
                assembly.finish(
                    node, .shortTimeFourierTransform(ShortTimeFourierTransform(isOneSided: isOneSided)), node.inputs)
            },
            "MelWeightMatrix": ONNXOperator([17], inputs: 5) { node, assembly throws(ConversionError) in
                let target = try dtype(code: node.int("output_datatype") ?? 1, "output_datatype")
                assembly.finish(node, .melWeightMatrix(MelWeightMatrix(dtype: target)), node.inputs)
            },
        ]
        for (name, terms) in [
            ("HannWindow", [0.5, -0.5]), ("HammingWindow", [25.0 / 46, -21.0 / 46]),
            ("BlackmanWindow", [0.42, -0.5, 0.08]),
        ] {
            table[name] = ONNXOperator([17], inputs: 1) { node, assembly throws(ConversionError) in
                try window(node, &assembly, terms: terms)
            }
        }
        return table
    }()

    /// terms[0] + terms[1] cos(2 pi n / N) + terms[2] cos(4 pi n / N), N the size, or one less for a symmetric window.
    private static func window(
        _ node: ONNXNode, _ assembly: inout GraphAssembly, terms: [Double]
    ) throws(ConversionError) {
        let size = try node.requiredInput(0)
        let isPeriodic = try node.flag("periodic", default: true)
        let target = try dtype(code: node.int("output_datatype") ?? 1, "output_datatype")
        let kind = try assembly.dtype(size)
        let (zero, one) = (
            assembly.addScalar(node, "zero", 0, dtype: kind), assembly.addScalar(node, "one", 1, dtype: kind)
        )
        let steps = assembly.emit(node, "steps", .arithmeticRange(ArithmeticRange()), [zero, size, one])
        let length =
            isPeriodic ? size : assembly.emit(node, "length", .binary(Binary(.subtract)), [size, one])
        // In float64: the angles of a long window do not fit into less.
        let wide = Operation.cast(Cast(to: .float64))
        let number = assembly.emit(node, "number", wide, [steps])
        let divisor = assembly.emit(node, "divisor", wide, [length])
        let share = assembly.emit(node, "share", .binary(Binary(.divide)), [number, divisor])
        var sum = assembly.addScalar(node, "term0", terms[0], dtype: .float64)
        for (order, term) in terms.enumerated().dropFirst() {
            let turn = assembly.addScalar(node, "turn\(order)", 2 * Double.pi * Double(order), dtype: .float64)
            let weight = assembly.addScalar(node, "term\(order)", term, dtype: .float64)
            let angle = assembly.emit(node, "angle\(order)", .binary(Binary(.multiply)), [share, turn])
            let wave = assembly.emit(node, "wave\(order)", .unary(Unary(.cosine)), [angle])
            let weighted = assembly.emit(node, "weighted\(order)", .binary(Binary(.multiply)), [wave, weight])
            sum = assembly.emit(node, "sum\(order)", .binary(Binary(.add)), [weighted, sum])
        }
        assembly.finish(node, .cast(Cast(to: target)), [sum])
    }
}
