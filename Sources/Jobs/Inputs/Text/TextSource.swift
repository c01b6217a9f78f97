internal import ModelFormats
internal import Tensors

/// What the job's texts give to one input of the model: the tokens, which of them count, or which text they belong to.
struct TextSource: InputSource {
    enum Role: String, CaseIterable {
        case tokens
        case mask
        case types

        /// What models call such an input.
        var names: [String] {
            switch self {
            case .tokens: ["input_ids"]
            case .mask: ["attention_mask", "input_mask"]
            case .types: ["token_type_ids", "segment_ids"]
            }
        }
    }

    let role: Role
    let texts: TextTokens
    /// int64 or int32.
    let dtype: DType
    /// The length of every item, where the model allows only one.
    let fixedLength: Int?
    /// Whether the model can tell what was added.
    let hasMask: Bool

    var itemNames: ItemNames { .rows(texts.count) }

    func itemShape(_ item: Int) -> Shape { [fixedLength ?? texts.length(item)] }

    var paddingLimits: [Int: Int] { hasMask && fixedLength == nil ? [0: texts.lengthLimit] : [:] }

    var warnings: [String] {
        guard role == .tokens, texts.cutCount > 0 else { return [] }
        return ["\(texts.cutCount) of \(texts.count) texts were cut to \(texts.lengthLimit) tokens"]
    }

    func read(items: [Int], into tensor: Tensor) {
        precondition(tensor.dtype == dtype && tensor.shape.rank == 2 && tensor.shape[0] == items.count)
        if dtype == .int32 { fill(tensor, items, Int32.self) } else { fill(tensor, items, Int64.self) }
    }

    private func fill<Element: FixedWidthInteger & TensorElement>(
        _ tensor: Tensor, _ items: [Int], _: Element.Type
    ) {
        let length = tensor.shape[1]
        tensor.withMutableBytes { bytes in
            let elements = bytes.bindMemory(to: Element.self)  // [items.count, length]
            for (row, item) in items.enumerated() {
                var position = row * length
                let end = position + length
                for number in numbers(item) {
                    elements[position] = Element(number)
                    position += 1
                }
                let rest = Element(role == .tokens ? texts.padding : 0)
                while position < end {
                    elements[position] = rest
                    position += 1
                }
            }
        }
    }

    private func numbers(_ item: Int) -> ArraySlice<Int32> {
        switch role {
        case .tokens: texts.tokens(item)
        case .mask: ArraySlice(repeating: 1, count: texts.length(item))
        case .types: texts.types(item)
        }
    }
}

extension TextSource {
    /// A source for each input of the model, which must all be such as texts can feed.
    ///
    /// - Parameter path: of the model.
    static func sources(
        _ specification: JobSpecification.TextInput, path: String, model: [ModelInput]
    ) throws -> [(name: String, source: any InputSource)] {
        var roles: [Role] = []
        for input in model {
            guard let role = Role.allCases.first(where: { $0.names.contains(input.name) }), !roles.contains(role) else {
                let known = Role.allCases.flatMap(\.names).joined(separator: ", ")
                throw InputError(
                    input: input.name,
                    reason: "texts cannot feed it; they give \(known). Name the inputs under 'inputs'")
            }
            guard input.dtype == .int64 || input.dtype == .int32, input.itemDimensions.count == 1 else {
                throw InputError(
                    input: input.name,
                    reason: "texts give whole numbers, one for each token, and the model takes \(input.dtype) with "
                        + "\(input.itemDimensions.count + 1) axes")
            }
            roles.append(role)
        }
        guard roles.contains(.tokens) else {
            throw InputError(
                input: "", reason: "the model has no input '\(Role.tokens.names[0])' for the tokens of texts")
        }
        let hasMask = roles.contains(.mask)
        let fixedLengths = Set(model.compactMap { $0.itemDimensions[0] })
        guard fixedLengths.count <= 1 else {
            throw InputError(
                input: "", reason: "the model's inputs want texts of \(fixedLengths.sorted()) tokens at once")
        }
        guard fixedLengths.isEmpty || hasMask else {
            throw InputError(
                input: "",
                reason:
                    "the model takes exactly \(fixedLengths.first!) tokens and has no attention_mask for shorter texts")
        }
        let texts = try TextTokens(specification, model: path, fixedLength: fixedLengths.first)
        return zip(model, roles).map { input, role in
            (
                input.name,
                TextSource(
                    role: role, texts: texts, dtype: input.dtype, fixedLength: fixedLengths.first, hasMask: hasMask)
            )
        }
    }
}
