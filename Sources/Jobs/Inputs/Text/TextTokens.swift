internal import ModelFormats
internal import Tensors

/// The texts of a job as tokens.
struct TextTokens: Sendable {
    /// All tokens, one text after the other.
    private let tokens: [Int32]
    private let types: [Int32]
    /// Where each text begins in `tokens`, and where the last one ends.
    private let starts: [Int]
    /// Fills up a text that is shorter than the others of its microbatch.
    let padding: Int32
    /// The most tokens that a text has room for.
    let lengthLimit: Int
    /// Texts that were cut.
    let cutCount: Int

    var count: Int { starts.count - 1 }

    func length(_ item: Int) -> Int { starts[item + 1] - starts[item] }

    func tokens(_ item: Int) -> ArraySlice<Int32> { tokens[starts[item]..<starts[item + 1]] }
    func types(_ item: Int) -> ArraySlice<Int32> { types[starts[item]..<starts[item + 1]] }

    /// Reads and tokenises everything.
    ///
    /// - Parameters:
    ///   - model: path of the model, which says where the tokenizer is and how long texts may be.
    ///   - fixedLength: the length that the model requires, where only one is possible.
    init(_ specification: JobSpecification.TextInput, model: String, fixedLength: Int?) throws {
        let place = TextTokens.tokenizerPath(specification, model: model)
        let tokenizer = try Tokenizer.load(path: place)
        let limit = try TextTokens.limit(specification, model: model, tokenizer, fixedLength: fixedLength)
        var tokens: [Int32] = []
        var types: [Int32] = []
        var starts = [0]
        var cut = 0
        for text in try TextLines.read(specification.text, field: specification.field) {
            let encoding = tokenizer.encode(text, length: limit)
            tokens += encoding.tokens
            types += encoding.types
            starts.append(tokens.count)
            if encoding.isCut { cut += 1 }
        }
        self.tokens = tokens
        self.types = types
        self.starts = starts
        padding = tokenizer.paddingToken
        lengthLimit = limit
        cutCount = cut
    }

    /// What the job says; else the model's folder, which for a file is the folder that it lies in.
    private static func tokenizerPath(_ specification: JobSpecification.TextInput, model: String) -> String {
        specification.tokenizer ?? folder(of: model)
    }

    /// A model's own folder.
    static func folder(of model: String) -> String {
        guard InputFiles.isFolder(model) != true else { return model }
        return model.lastIndex(of: "/").map { $0 == model.startIndex ? "/" : String(model[..<$0]) } ?? "."
    }

    /// Where nothing says how long texts may be.
    private static let standardLimit = 512

    private static func limit(
        _ specification: JobSpecification.TextInput, model: String, _ tokenizer: Tokenizer, fixedLength: Int?
    ) throws -> Int {
        // In the folder of an ONNX file lies what belongs to the file, or nothing.
        let folder = try TextModelFolder(folder(of: model))
        let most = min(fixedLength ?? .max, folder.positions ?? .max)
        if let wanted = specification.maximumLength, wanted > most {
            throw InputError(
                input: "", reason: "max-length is \(wanted), and the model takes at most \(most) tokens")
        }
        let limit =
            specification.maximumLength
            ?? min(folder.length ?? tokenizer.maximumLength ?? min(most, standardLimit), most)
        guard limit > tokenizer.specialTokenCount else {
            throw InputError(
                input: "",
                reason:
                    "texts may have \(limit) tokens, and each has \(tokenizer.specialTokenCount) special ones already")
        }
        return limit
    }
}
