internal import Planning
internal import Tensors

/// Brings the items of several inputs together: by the names of their files, or in order.
enum ItemJoining {
    typealias Source = (name: String, source: any InputSource)

    /// - Parameter sources: by input.
    /// - Returns: the same, so that item i of each belongs together; in the order of the first that has names.
    /// - Throws: where the numbers of items differ, an item has no partner, or one name means two items.
    static func join(_ sources: [Source], by join: JobSpecification.Join) throws(InputError) -> [Source] {
        let named = sources.compactMap { source in keys(of: source.source.itemNames).map { (source.name, $0) } }
        // One item each: there is nothing to find.
        if join == .name, named.count > 1, sources.contains(where: { $0.source.count > 1 }) {
            return try joinByName(sources, first: named[0])
        }
        try requireEqualCounts(sources)
        return sources
    }

    private static func requireEqualCounts(_ sources: [Source]) throws(InputError) {
        let first = sources[0]
        for (name, source) in sources where source.count != first.source.count {
            func items(_ count: Int) -> String { "\(count) item\(count == 1 ? "" : "s")" }
            throw InputError(
                input: name,
                reason: "\(items(source.count)), but input '\(first.name)' has \(first.source.count)"
                    + (sources.contains { ($0.source as? ImageSource)?.skippedCount ?? 0 > 0 }
                        ? " (images were skipped)" : "")
                    + "; where an array is one item and its first axis counts none, set items: whole for that input")
        }
    }

    private static func joinByName(
        _ sources: [Source], first: (input: String, keys: [String])
    ) throws(InputError) -> [Source] {
        let order = try places(first.keys, input: first.input)
        var result: [Source] = []
        for (name, source) in sources {
            guard let keys = keys(of: source.itemNames), name != first.input else {
                result.append((name, source))
                continue
            }
            let places = try places(keys, input: name)
            try requirePartners(first, of: name, among: places)
            try requirePartners((name, keys), of: first.input, among: order)
            let indices = first.keys.map { places[$0]! }
            let isInOrder = indices.enumerated().allSatisfy { $0.offset == $0.element }
            result.append((name, isInOrder ? source : ReorderedSource(source: source, indices: indices)))
        }
        try requireEqualCounts(result)
        return result
    }

    private static func places(_ keys: [String], input: String) throws(InputError) -> [String: Int] {
        var places: [String: Int] = [:]
        for (place, key) in keys.enumerated() {
            guard places.updateValue(place, forKey: key) == nil else {
                throw InputError(
                    input: input,
                    reason:
                        "two of its items are called '\(key)', so items of other inputs cannot be found by name; call "
                        + "them differently, or set join: order")
            }
        }
        return places
    }

    /// Throws where items have no partner.
    private static func requirePartners(
        _ items: (input: String, keys: [String]), of input: String, among places: [String: Int]
    ) throws(InputError) {
        let alone = items.keys.filter { places[$0] == nil }
        guard !alone.isEmpty else { return }
        throw InputError(
            input: input,
            reason: "nothing for \(alone.count) of the \(items.keys.count) items of input '\(items.input)': "
                + alone.prefix(3).joined(separator: ", ") + (alone.count > 3 ? ", ..." : "")
                + "; call the files of one item alike, or set join: order")
    }

    /// What items go by: their names without the extension, and without the last part of the path where all items have
    /// the same there, as in `first/nodes.npy`, `second/nodes.npy`. Nil for rows, which have no names.
    static func keys(of names: ItemNames) -> [String]? {
        guard case .files(let names) = names else { return nil }
        let plain = names.map(withoutExtension)
        func last(_ name: String) -> Substring { name.split(separator: "/").last ?? "" }
        guard plain.count > 1, plain.allSatisfy({ $0.contains("/") && last($0) == last(plain[0]) }) else {
            return plain
        }
        return plain.map { $0.split(separator: "/").dropLast().joined(separator: "/") }
    }

    private static func withoutExtension(_ name: String) -> String {
        let known = InputFiles.images.extensions + InputFiles.arrays.extensions + InputFiles.archives.extensions
        let ending = known.first { name.lowercased().hasSuffix($0) }
        return ending.map { String(name.dropLast($0.count)) } ?? name
    }
}

/// A source whose items are taken in another order.
struct ReorderedSource: InputSource {
    let source: any InputSource
    /// By item: its index in the source.
    let indices: [Int]

    var itemNames: ItemNames {
        guard case .files(let names) = source.itemNames else { return .rows(indices.count) }
        return .files(indices.map { names[$0] })
    }
    var dtype: DType { source.dtype }
    var paddingLimits: [Int: Int] { source.paddingLimits }
    var warnings: [String] { source.warnings }
    var commonShape: Shape? { source.commonShape }
    var urgencies: [Urgency?]? { source.urgencies.map { all in indices.map { all[$0] } } }

    func itemShape(_ item: Int) -> Shape { source.itemShape(indices[item]) }

    func read(items: [Int], into tensor: Tensor) throws(FileError) {
        try source.read(items: items.map { indices[$0] }, into: tensor)
    }
}
