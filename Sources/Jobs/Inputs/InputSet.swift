internal import ModelFormats
internal import Planning
internal import Tensors

/// All inputs of a job, checked against the model: the same number of items each, the dtypes and shapes that it takes.
public struct InputSet: Sendable {
    /// In the model's order.
    public let sources: [(name: String, source: any InputSource)]
    /// Of the first input that has files, or else of the first.
    public let itemNames: ItemNames

    public var count: Int { itemNames.count }
    /// How soon each item is wanted, by all of its inputs; empty where nothing says so.
    var urgencies: [Urgency] {
        var joined: [Urgency] = []
        for case let urgencies? in sources.lazy.map(\.source.urgencies) {
            let own = urgencies.map { $0 ?? Urgency() }
            joined = joined.isEmpty ? own : zip(joined, own).map { $0.joined($1) }
        }
        return joined
    }

    public var warnings: [String] { sources.flatMap(\.source.warnings) }

    /// Opens what the specification names. Images are all decoded once, arrays only looked at.
    ///
    /// - Throws: `InputError` or `FileError`, naming the input or the file, and the remedy.
    public init(_ specification: JobSpecification, model: [ModelInput]) throws {
        var sources: [(name: String, source: any InputSource)]
        if case .text(let text)? = specification.input {
            sources = try TextSource.sources(text, path: specification.firstModel, model: model)
        } else {
            sources = try InputSet.match(specification, to: model).map { input, form in
                (input.name, try InputSet.open(form, for: input))
            }
        }
        for (input, (_, source)) in zip(model, sources) { try InputSet.check(source, against: input) }
        sources = try ItemJoining.join(sources, by: specification.join)
        self.sources = sources
        itemNames = sources.lazy.map(\.source.itemNames).first { $0[checking: 0] != nil } ?? sources[0].source.itemNames
    }

    private static func open(_ form: JobSpecification.Input, for input: ModelInput) throws -> any InputSource {
        switch form {
        case .array(let array): return try open(array, for: input)
        case .arrays(let arrays): return try ArrayFilesSource(arrays)
        case .images(let images): return try ImageSource(images, input: input.name, dtype: input.dtype)
        case .constant, .carried:
            throw InputError(input: input.name, reason: "a constant or carried input is named under 'inputs'")
        case .text:
            throw InputError(
                input: input.name, reason: "texts feed all inputs of a model at once; write them under 'input'")
        }
    }

    private static func open(
        _ array: JobSpecification.ArrayInput, for input: ModelInput
    ) throws(FileError) -> any InputSource {
        guard input.form == .whole else { return try ArraySource(array) }
        // An axis more than the input has counts items.
        let rank = input.itemDimensions.count
        guard ArrayFilesSource.isArchive(array.array) else {
            let type = try ArrayFilesSource.type(of: array.array, key: array.key)
            return type.shape.rank == rank
                ? try ArrayFilesSource(path: array.array, keys: nil) : try ArraySource(array)
        }
        let keys = if let key = array.key { [key] } else { try NPZFile(array.array).keys }
        if keys.count == 1, try ArrayFilesSource.type(of: array.array, key: keys[0]).shape.rank != rank {
            return try ArraySource(array)
        }
        return try ArrayFilesSource(path: array.array, keys: keys)
    }

    private static func match(
        _ specification: JobSpecification, to model: [ModelInput]
    ) throws(InputError) -> [(ModelInput, JobSpecification.Input)] {
        let names = model.map(\.name)
        if let input = specification.input {
            guard model.count == 1 else {
                throw InputError(
                    input: "",
                    reason: "the model has \(model.count) inputs (\(names.joined(separator: ", "))); "
                        + "name them under 'inputs' instead of 'input'")
            }
            return [(model[0], input)]
        }
        // Constants and carried state are no part of the model's inputs any more (`InputRewriting`).
        let withItems = specification.inputs.filter { $0.value.hasItems }
        for name in withItems.keys.sorted() where !names.contains(name) {
            throw InputError(
                input: name,
                reason: "the model has no such input\(NearestName.choice(name, among: names))")
        }
        var result: [(ModelInput, JobSpecification.Input)] = []
        for input in model {
            guard let form = specification.inputs[input.name] else {
                throw InputError(input: input.name, reason: "the job does not say where it comes from (under 'inputs')")
            }
            result.append((input, form))
        }
        guard !result.isEmpty else {
            let name = specification.inputs.keys.sorted().first
            throw InputError(
                input: "",
                reason: "no input of the model has items"
                    + (name.map { ": feed one from files, as in inputs.\($0): {array: items.npy}" } ?? ""))
        }
        return result
    }

    private static func check(_ source: any InputSource, against input: ModelInput) throws(InputError) {
        let wanted = input.itemDimensions
        let wantedText = wanted.map { $0.map(String.init) ?? "?" }.joined(separator: "x")
        guard source.count > 0 else { throw InputError(input: input.name, reason: "there are no items") }
        guard source.dtype == input.dtype else {
            throw InputError(
                input: input.name,
                reason: "the array is \(source.dtype), the model takes \(input.dtype); "
                    + "save it with a.astype(numpy.\(input.dtype))")
        }
        var seen: Shape?
        // Of millions of rows one is enough.
        for item in 0..<(source.commonShape == nil ? source.count : 1) {
            let shape = source.itemShape(item)
            guard shape != seen else { continue }
            seen = shape
            let found = shape.dimensions
            guard found.count == wanted.count, zip(found, wanted).allSatisfy({ $1 == nil || $0 == $1 }) else {
                let remedy =
                    source is ImageSource
                    ? "see resize, crop, channels and layout"
                    : input.form == .whole
                        ? "an item is the whole input; where the input's first axis counts items, set items: rows and, "
                            + "where it is always the same number, schedule.microbatch to that"
                        : source is ArrayFilesSource
                            ? "each file is an item, without an axis that counts items"
                            : "the array's first axis counts the items and is not part of them; where the whole array is "
                                + "one item, set items: whole"
                let which = source.itemNames[item].map { "\($0)" } ?? "an item"
                throw InputError(
                    input: input.name, reason: "\(which) is \(shape), the model takes \(wantedText); \(remedy)")
            }
        }
    }
}

extension JobSpecification.Input {
    /// Whether it differs from item to item and is read from files.
    var hasItems: Bool {
        switch self {
        case .images, .array, .arrays, .text: true
        case .constant, .carried: false
        }
    }
}

extension ItemNames {
    fileprivate subscript(checking item: Int) -> String? { item < count ? self[item] : nil }
}
