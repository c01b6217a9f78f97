internal import Graphs
internal import ModelFormats
internal import Tensors

/// What an item is of each input of the model: a row of it, or the whole of it.
public struct ItemForms: Sendable, Codable, Hashable {
    /// Inputs that are one item as a whole.
    private(set) var whole: Set<String> = []
    /// What was taken from a name alone, and the user should know; a line each.
    private(set) var warnings: [String] = []

    subscript(name: String) -> JobSpecification.ItemForm { whole.contains(name) ? .whole : .rows }

    /// All inputs are rows of items.
    init() {}

    /// What the job says, else the number of axes of files and input, else what the model's dimensions show.
    ///
    /// - Parameter graph: constants and carried state are no inputs with items any more; batch axes are where the model
    ///   has them.
    init(_ specification: JobSpecification, _ graph: Graph) {
        var open: [(name: String, dimensions: [Dimension])] = []
        // Arrays that are no such input as a whole: their first axis is longer or shorter than the input's ever is.
        var misfits: Set<String> = []
        for input in graph.itemInputs {
            let name = graph.name(of: input.value)
            guard let source = specification.input ?? specification.inputs[name] else { continue }
            lazy var shape = ItemForms.shape(of: source)
            switch source.items ?? ItemForms.form(of: source, shape, input.dimensions) {
            case .rows?: continue
            case .whole?: whole.insert(name)
            case nil:
                open.append((name, input.dimensions))
                guard case .array = source, let extent = input.dimensions.first?.extent else { continue }
                if shape?.dimensions.first != extent { misfits.insert(name) }
            }
        }
        let batch = ItemForms.batch(graph, whole: whole)
        let counted = open.filter { $0.dimensions.contains { ItemForms.isBatch($0, batch) } }
        let isNamed = batch.map(ItemForms.saysBatch) ?? false
        let size = specification.schedule.microbatch
        let fixed = open.filter { input in !counted.contains { $0.name == input.name } }
            .compactMap { input in input.dimensions.first?.extent.map { (name: input.name, extent: $0) } }
        // The model takes this many items at a time, and the job gives it as many.
        let isFixedBatch = fixed.allSatisfy { size == .exactly($0.extent) || ($0.extent > 1 && size == .automatic) }
        // State goes from item to item: what is fed in addition is a row of a sequence each time.
        let carriesState = specification.inputs.values.contains { if case .carried = $0 { true } else { false } }
        let areMisfits = fixed.count == open.count && fixed.contains { misfits.contains($0.name) }
        for (name, extent) in fixed where extent > 1 && !isFixedBatch && !areMisfits { whole.insert(name) }
        for (name, dimensions) in open where !fixed.contains(where: { $0.name == name }) {
            let isCounted = counted.contains { $0.name == name }
            if isCounted && isNamed { continue }
            if !fixed.isEmpty, !(isFixedBatch && fixed.contains { $0.extent > 1 }) {
                // One input has always as many places along its first axis: the open axis is not a batch.
                whole.insert(name)
            } else if case .symbol(let symbol)? = dimensions.first, ItemForms.saysExtent(symbol), !carriesState,
                size == .exactly(1) || size == .automatic
            {
                whole.insert(name)
                warnings.append(
                    "input '\(name)': its first axis is called '\(symbol)', so an item is the whole input; where that axis "
                        + "counts items, set \(specification.key(of: name)).items to rows, and to whole to leave this "
                        + "line out")
            }
        }
    }

    /// Of the file of arrays, or of the first of several; nil where there is none that can be read.
    private static func shape(of source: JobSpecification.Input) -> Shape? {
        do throws(FileError) {
            switch source {
            case .array(let array): return try ArrayFilesSource.type(of: array.array, key: array.key).shape
            case .arrays(let arrays):
                guard let first = try ArrayFilesSource.files(arrays).first?.path else { return nil }
                return try ArrayFilesSource.type(of: first, key: arrays.key).shape
            case .images, .constant, .carried, .text: return nil
            }
        } catch {
            // What is wrong with the file is said when it is opened as an input.
            return nil
        }
    }

    /// What the number of axes says; nil where it leaves the choice.
    ///
    /// - Parameter shape: of the arrays.
    private static func form(
        of source: JobSpecification.Input, _ shape: Shape?, _ dimensions: [Dimension]
    ) -> JobSpecification.ItemForm? {
        let inputRank = dimensions.count
        switch source {
        case .images: return inputRank == 3 ? .whole : .rows
        case .array:
            guard let shape else { return nil }
            guard shape.rank == inputRank + 1 else { return shape.rank == inputRank ? nil : .rows }
            // Where the name of the input's first axis says that it counts items, one more axis in the array is an
            // error.
            return dimensions.first?.symbol.map(saysBatch) ?? false ? .rows : .whole
        case .arrays: return shape.map { $0.rank == inputRank ? .whole : .rows }
        case .constant, .carried, .text: return .rows
        }
    }

    // MARK: What dimensions show

    /// The symbol of the axis that counts items: the one that is called so, or else that of the first axis of the first
    /// input. Nil where all first axes have numbers.
    ///
    /// - Parameter whole: inputs that have no such axis.
    static func batch(_ graph: Graph, whole: Set<String>) -> String? {
        let candidates = graph.itemInputs.filter { !whole.contains(graph.name(of: $0.value)) }.map(\.dimensions)
        let named = candidates.joined().lazy.compactMap(\.symbol).first(where: saysBatch)
        return named ?? candidates.lazy.compactMap { $0.first?.symbol }.first { $0 != "?" }
    }

    private static func saysBatch(_ symbol: String) -> Bool { symbol.lowercased().contains("batch") }

    private static func isBatch(_ dimension: Dimension, _ batch: String?) -> Bool {
        batch != nil && dimension.symbol == batch
    }

    /// Words that name what one item has many of.
    private static let extentWords: Set<String> = [
        "node", "edge", "point", "atom", "bond", "vertex", "vertices", "face", "height", "width", "sequence", "seq",
        "length", "len", "time", "frame", "step", "token", "channel", "box", "boxes", "roi", "region",
    ]

    /// Whether a symbol names an extent that an item has, as in `num_nodes` or `seq_len`, and no batch.
    static func saysExtent(_ symbol: String) -> Bool {
        guard !saysBatch(symbol) else { return false }
        return symbol.lowercased().split { !$0.isLetter }.contains { word in
            extentWords.contains(String(word)) || (word.hasSuffix("s") && extentWords.contains(String(word.dropLast())))
        }
    }
}

extension Dimension {
    fileprivate var symbol: String? { if case .symbol(let symbol) = self { symbol } else { nil } }
    fileprivate var extent: Int? { if case .fixed(let extent) = self { extent } else { nil } }
}

extension JobSpecification {
    /// The key of an input, for errors.
    func key(of input: String) -> String { self.input == nil ? "inputs.\(input)" : "input" }
}

extension JobSpecification.Input {
    /// What the job says that an item is.
    fileprivate var items: JobSpecification.ItemForm? {
        switch self {
        case .images(let images): images.items
        case .array(let array): array.items
        case .arrays(let arrays): arrays.items
        case .constant, .carried, .text: nil
        }
    }
}
