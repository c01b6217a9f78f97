internal import Graphs
internal import Tensors

/// Operators of the domain ai.onnx.ml that prepare features, and that name results.
extension ONNXOperator {
    static let learnedFeatures: [String: ONNXOperator] = [
        "Scaler": ONNXOperator([1], inputs: 1) { node, assembly throws(ConversionError) in
            var value = try number(node, &assembly)
            for (name, function) in [("offset", BinaryFunction.subtract), ("scale", .multiply)] {
                guard let numbers = try node.floats(name) else { continue }
                value = assembly.computed(
                    node, name, function, value, assembly.addConstant(node, "\(name)s", Tensor(numbers)))
            }
            assembly.finish(node, .identity(Identity()), [value])
        },
        "Normalizer": ONNXOperator([1], inputs: 1) { node, assembly throws(ConversionError) in
            try normalizer(node, &assembly)
        },
        "Imputer": ONNXOperator([1], inputs: 1) { node, assembly throws(ConversionError) in
            try imputer(node, &assembly)
        },
        "Binarizer": ONNXOperator([1], inputs: 1) { node, assembly throws(ConversionError) in
            let input = try node.requiredInput(0)
            let dtype = try assembly.dtype(input)
            let threshold = assembly.addScalar(
                node, "threshold", Double(try node.float("threshold", default: 0)), dtype: dtype)
            let isAbove = assembly.emit(node, "isAbove", .comparison(Comparison(.greater)), [input, threshold])
            assembly.finish(node, .cast(Cast(to: dtype)), [isAbove])
        },
        "ArrayFeatureExtractor": ONNXOperator([1], inputs: 2) { node, assembly throws(ConversionError) in
            let input = try node.requiredInput(0)
            // What comes out of other operators are tables.
            let rank = assembly.rank(of: input) ?? 2
            let places = assembly.reshaped(node, "places", try node.requiredInput(1), [-1])
            guard rank == 1 else { return assembly.finish(node, .gather(Gather(axis: -1)), [input, places]) }
            let taken = assembly.emit(node, "taken", .gather(Gather(axis: -1)), [input, places])
            let axes = assembly.addConstant(node, "axes", [0])
            assembly.finish(node, .unsqueeze(Unsqueeze()), [taken, axes])
        },
        "OneHotEncoder": ONNXOperator([1], inputs: 1) { node, assembly throws(ConversionError) in
            guard let categories = try node.unboundedInts("cats_int64s") else { throw .inexpressible("of strings") }
            guard try node.flag("zeros", default: true) else {
                throw .inexpressible("that fails on what is no category (zeros is 0)")
            }
            let number = assembly.cast(node, "number", try node.requiredInput(0), to: .int64)
            let isOne = assembly.emit(
                node, "isOne", .comparison(Comparison(.equal)),
                [
                    assembly.unsqueezed(node, "column", number, [-1]),
                    assembly.addConstant(node, "categories", Tensor(categories)),
                ])
            assembly.finish(node, .cast(Cast(to: .float32)), [isOne])
        },
        "LabelEncoder": ONNXOperator([1], inputs: 1) { node, assembly throws(ConversionError) in
            let lookup = try lookup(node)
            let input = assembly.cast(node, "key", try node.requiredInput(0), to: lookup.keys.dtype)
            assembly.finish(node, .valueLookup(lookup), [input])
        },
        // A list of tables, one a row, is a matrix here.
        "ZipMap": ONNXOperator([1], inputs: 1) { node, assembly throws(ConversionError) in
            let names: [String]
            if let labels = try node.strings("classlabels_strings") {
                names = labels
            } else if let labels = try node.unboundedInts("classlabels_int64s") {
                names = labels.map { "\($0)" }
            } else {
                throw .malformed("it has no labels of classes")
            }
            if let output = node.outputs.first ?? nil { assembly.noteColumns(output, names) }
            assembly.finish(node, .identity(Identity()), node.inputs)
        },
    ]

    /// Operand 0 in float32, in which these operators compute.
    static func number(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) -> ValueID {
        let input = try node.requiredInput(0)
        guard assembly.dtypes[input] != .float64 else { throw .inexpressible("on float64") }
        return assembly.cast(node, "number", input, to: .float32)
    }

    /// Rows over their largest element, the sum of their magnitudes or their length; rows where that is 0 as they are.
    private static func normalizer(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let kind: Reduction.Kind
        switch try node.string("norm") ?? "MAX" {
        case "MAX": kind = .maximum
        case "L1": kind = .l1
        case "L2": kind = .l2
        case let other: throw .malformed("the norm '\(other)' is none that ONNX defines")
        }
        let value = try number(node, &assembly)
        let axes = assembly.addConstant(node, "axes", [-1])
        let size = assembly.emit(node, "size", .reduction(Reduction(kind: kind)), [value, axes])
        let zero = assembly.addConstant(node, "zero", Tensor(scalar: Float(0)))
        let isZero = assembly.emit(node, "isZero", .comparison(Comparison(.equal)), [size, zero])
        let one = assembly.addConstant(node, "one", Tensor(scalar: Float(1)))
        let divisor = assembly.emit(node, "divisor", .choice(Choice()), [isZero, one, size])
        assembly.finish(node, .binary(Binary(.divide)), [value, divisor])
    }

    /// The mark of a missing number replaced by the number of its column.
    private static func imputer(_ node: ONNXNode, _ assembly: inout GraphAssembly) throws(ConversionError) {
        let input = try node.requiredInput(0)
        let isMissing: ValueID
        let replacement: ValueID
        if let floats = try node.floats("imputed_value_floats") {
            let missing = try node.unboundedFloat("replaced_value_float") ?? 0
            if missing.isNaN {
                isMissing = assembly.emit(node, "isMissing", .unary(Unary(.isNaN)), [input])
            } else {
                let mark = assembly.addConstant(node, "mark", Tensor(scalar: missing))
                isMissing = assembly.emit(node, "isMissing", .comparison(Comparison(.equal)), [input, mark])
            }
            replacement = assembly.addConstant(node, "replacement", Tensor(floats))
        } else if let integers = try node.unboundedInts("imputed_value_int64s") {
            let mark = assembly.addConstant(
                node, "mark", Tensor(scalar: try node.unboundedInt("replaced_value_int64") ?? 0))
            isMissing = assembly.emit(node, "isMissing", .comparison(Comparison(.equal)), [input, mark])
            replacement = assembly.addConstant(node, "replacement", Tensor(integers))
        } else {
            throw .malformed("it has no imputed values")
        }
        node.ignore("replaced_value_float", "replaced_value_int64")
        assembly.finish(node, .choice(Choice()), [isMissing, replacement, input])
    }

    private static func lookup(_ node: ONNXNode) throws(ConversionError) -> ValueLookup {
        guard let keys = try numbers(node, "keys", standard: nil) else { throw .inexpressible("of strings") }
        guard let values = try numbers(node, "values", standard: "default") else {
            throw .inexpressible("to strings")
        }
        node.ignore("default_string", "default_int64", "default_float")
        guard values.count == keys.count + 1 else {
            throw .malformed("\(keys.count) keys, and \(values.count - 1) values")
        }
        return ValueLookup(keys: keys, values: values)
    }

    /// The numbers of an attribute in one of its three forms, with that of another behind them; nil where they are none.
    private static func numbers(
        _ node: ONNXNode, _ name: String, standard: String?
    ) throws(ConversionError) -> ValueLookup.Numbers? {
        if let integers = try node.unboundedInts("\(name)_int64s") {
            guard let standard else { return .integers(integers) }
            return .integers(integers + [try node.unboundedInt("\(standard)_int64") ?? -1])
        }
        if let floats = try node.floats("\(name)_floats") {
            guard let standard else { return .floats(floats) }
            return .floats(floats + [try node.unboundedFloat("\(standard)_float") ?? -0.0])
        }
        guard node.has("\(name)_tensor") else { return nil }
        throw .inexpressible("with \(name) as a tensor")
    }
}
