internal import Planning
internal import Runtime

/// Says of a failure that comes of what items hold which ones they are, and where they and the model lie.
struct FailedItems {
    private let assignment: JobAssignment
    /// Nil on ranks that open no inputs.
    private let names: ItemNames?

    init(_ assignment: JobAssignment, names: ItemNames?) {
        self.assignment = assignment
        self.names = names
    }

    /// The failure with its items, their inputs and the model.
    func error(_ failure: MicrobatchFailure) -> JobError {
        let items = assignment.batching.items(of: failure.microbatch)
        let specification = assignment.specification
        var inputs = specification.inputs.sorted { $0.key < $1.key }.compactMap { name, input in
            input.place.map { "input '\(name)' (\($0))" }
        }
        if let place = specification.input?.place { inputs.append(place) }
        let remedy = items.count > 1 ? "; with schedule.microbatch: 1 the message names the item" : ""
        return JobError(
            "\(failure.reason); in \(words(items)) of \(inputs.joined(separator: " and ")), model "
                + "\(assignment.modelPath)\(remedy)")
    }

    private func words(_ items: [Int]) -> String {
        guard items.count > 1 else { return "item \(items.map(word).joined())" }
        let isRun = items.last! - items[0] == items.count - 1 && items == items.sorted()
        if isRun { return "one of the items \(word(items[0])) to \(word(items.last!))" }
        return "one of the items \(items.prefix(8).map(word).joined(separator: ", "))\(items.count > 8 ? ", ..." : "")"
    }

    private func word(_ item: Int) -> String { "\(item)\(names?[item].map { " (\($0))" } ?? "")" }
}

extension JobSpecification.Input {
    /// Where its items lie; nil where it has none.
    fileprivate var place: String? {
        switch self {
        case .images(let input): JobSpecification.Input.words(input.images)
        case .array(let input): input.array
        case .arrays(let input): JobSpecification.Input.words(input.arrays)
        case .text(let input): JobSpecification.Input.words(input.text)
        case .constant, .carried: nil
        }
    }

    private static func words(_ paths: [String]) -> String {
        paths.prefix(3).joined(separator: ", ") + (paths.count > 3 ? ", ..." : "")
    }
}
