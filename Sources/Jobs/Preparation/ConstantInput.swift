internal import Graphs
internal import Tensors

/// The tensor of an input that is the same for all items.
enum ConstantInput {
    /// In bytes.
    private static let limit = 1 << 30

    /// - Parameter dimensions: the job's numbers for symbolic dimensions.
    /// - Throws: where the numbers do not make up the input.
    static func tensor(
        _ constant: JobSpecification.ConstantInput, for input: Graph.Input, name: String, dimensions: [String: Int]
    ) throws(JobError) -> Tensor {
        let numbers = constant.constant
        let extents = try extents(input, name: name, count: numbers.count, dimensions: dimensions)
        guard let shape = Shape(checking: extents), numbers.count == 1 || numbers.count == shape.elementCount else {
            throw JobError(
                "inputs.\(name): \(numbers.count) numbers are given, and the model takes "
                    + "\(extents.isEmpty ? "one" : extents.map(String.init).joined(separator: "x")): give one, or as many"
            )
        }
        // It goes to all ranks with the model.
        let byteCount = TensorType(input.dtype, shape).byteCount
        guard byteCount <= limit else {
            throw JobError(
                "inputs.\(name): the model takes \(input.dtype) \(shape), \(byteCount >> 20) MiB, and a constant may have "
                    + "\(limit >> 20) MiB: store it in the model, or feed it as an array")
        }
        guard let given = NumberConversion.tensor(numbers, input.dtype, Shape([numbers.count])) else {
            throw JobError("inputs.\(name): \(numbers) cannot be written as \(input.dtype)")
        }
        if given.elementCount == shape.elementCount { return given.reshaped(shape) }
        return Tensor(repeating: given, shape: shape)
    }

    /// The model's numbers, the job's for symbols, and for one extent that is open still what the numbers leave for it.
    private static func extents(
        _ input: Graph.Input, name: String, count: Int, dimensions: [String: Int]
    ) throws(JobError) -> [Int] {
        var extents: [Int?] = []
        var open: [String] = []
        for dimension in input.dimensions {
            switch dimension {
            case .fixed(let extent): extents.append(extent)
            case .symbol(let symbol):
                extents.append(symbol == "?" ? nil : dimensions[symbol])
                if extents.last! == nil { open.append(symbol) }
            }
        }
        if open.count == 1, input.dimensions.count == 1 || count > 1 {
            var known = 1
            for extent in extents {
                let (product, overflows) = known.multipliedReportingOverflow(by: extent ?? 1)
                known = overflows ? 0 : product
            }
            if known > 0, count % known == 0 { return extents.map { $0 ?? count / known } }
        }
        guard open.isEmpty else {
            let names = Set(open).subtracting(["?"]).sorted()
            throw JobError(
                "inputs.\(name): the model leaves dimensions of this input open "
                    + "(\(input.dimensions.map(\.description).joined(separator: "x"))), and the \(count) "
                    + "number\(count == 1 ? " does" : "s do") not tell them: "
                    + (names.isEmpty
                        ? "export the model with names for them, or give an array"
                        : "set dimensions: {\(names.map { "\($0): ..." }.joined(separator: ", "))}"))
        }
        return extents.map { $0! }
    }
}
