internal import Files
public import Tensors

/// All files that a job writes: made when it begins, filled in any order, seen when it has succeeded, all of them or none.
///
/// Not for use from several threads at once. Without `commit`, nothing is left behind.
public final class OutputSet {
    /// That of the pictures too, where it is not inside the other.
    private let folders: [StagedFolder]
    /// Each with the outputs that go to it.
    private let sinks: [(outputs: [ModelOutput], sink: any OutputSink)]
    private let itemCount: Int
    private var isDone = false

    /// Makes the folder and the files, and makes sure that there is room for arrays.
    ///
    /// - Parameters:
    ///   - outputs: of the model, with the types that they have in this job.
    ///   - labels: for the column of right answers in text formats.
    /// - Throws: where something cannot be written, and where the specification does not fit the model.
    public init(
        _ specification: JobSpecification.Outputs, outputs: [ModelOutput], items: ItemNames, labels: Labels? = nil,
        classes: ClassNames? = nil
    ) throws(FileError) {
        let files = try OutputSet.files(of: specification, outputs: outputs)
        let folder = try StagedFolder(specification.folder)
        var folders = [folder]
        itemCount = items.count
        var sinks: [(outputs: [ModelOutput], sink: any OutputSink)] = []
        do {
            for (output, format, name) in files {
                let path = "\(specification.folder)/\(name)"
                let count = items.count
                switch format {
                case .npy:
                    let itemType = try OutputSet.commonType(of: output, path: path)
                    sinks.append(([output], try ArraySink(name, in: folder, itemType: itemType, count: count)))
                case .npz: sinks.append(([output], try ArchiveSink(name, in: folder, count: count)))
                case .csv, .jsonl:
                    if format == .csv { _ = try OutputSet.commonType(of: output, path: path) }
                    let top = try OutputSet.top(specification, output, classes, path: path)
                    let context = RowContext(
                        itemNames: items, labels: labels?.classes, classNames: top == nil ? nil : classes?.names,
                        top: top,
                        columnNames: output.columnNames.flatMap {
                            $0.count == output.itemType?.shape.elementCount ? $0 : nil
                        }, itemShape: output.itemType?.shape)
                    let rows: any RowFormat =
                        format == .csv ? CSVFormat(context: context) : JSONLinesFormat(context: context)
                    sinks.append(([output], try RowSink(name, in: folder, format: rows, count: count)))
                }
            }
            if let form = specification.images {
                let pictured = outputs.filter { form.from.contains($0.name) }
                let inside = folder.name(ofFolder: form.folder)
                if inside == nil { folders.append(try StagedFolder(form.folder)) }
                let sink = try PictureSink(
                    form, outputs: outputs, items: items, in: folders.last!, folderName: inside ?? ".")
                sinks.append((pictured, sink))
            }
        } catch {
            for folder in folders.reversed() { folder.discard() }
            throw error
        }
        self.folders = folders
        self.sinks = sinks
    }

    deinit { discard() }

    /// Where the files will be, or are.
    public var paths: [String] { sinks.map(\.sink.path) }

    /// Takes items of one output, in any order, each item once.
    ///
    /// - Parameter tensor: `[items.count, ...]`, of the output's type.
    public func write(_ output: String, items: [Int], from tensor: Tensor) throws(FileError) {
        precondition(!isDone && items.allSatisfy { (0..<itemCount).contains($0) })
        precondition(tensor.shape.rank > 0 && tensor.shape[0] == items.count)
        for (outputs, sink) in sinks {
            guard let model = outputs.first(where: { $0.name == output }) else { continue }
            let wanted = model.itemType.map { TensorType($0.dtype, Shape([items.count] + $0.shape.dimensions)) }
            precondition(
                wanted == nil || tensor.type == wanted, "output \(output) gives \(tensor.type) instead of \(wanted!)")
            try sink.write(output, items: items, from: tensor)
        }
    }

    /// Brings everything to the disk, and then gives the files their names: all of them or, whenever the process may be
    /// killed, none.
    ///
    /// - Throws: where items are missing or the disk is full; no file has appeared then.
    public func commit() throws(FileError) {
        precondition(!isDone, "outputs are committed once")
        for (_, sink) in sinks where sink.missingCount > 0 {
            throw FileError(
                path: sink.path, offset: nil, reason: "\(sink.missingCount) of \(itemCount) items were not computed")
        }
        for (_, sink) in sinks { try sink.seal() }
        try Publication.publish(folders)
        isDone = true
    }

    /// Leaves nothing behind that was not there before.
    public func discard() {
        if isDone { return }
        isDone = true
        for folder in folders.reversed() { folder.discard() }
    }
}

extension OutputSet {
    /// Which files there are, held against the outputs that the model has.
    private static func files(
        of specification: JobSpecification.Outputs, outputs: [ModelOutput]
    ) throws(FileError) -> [(ModelOutput, JobSpecification.Format, name: String)] {
        let names = outputs.map(\.name)
        for name in specification.named.keys.sorted() where !names.contains(name) {
            throw FileError(
                path: specification.folder, offset: nil,
                reason: "outputs.named: the model has no output '\(name)'\(NearestName.hint(name, among: names)) "
                    + "(it has \(names.joined(separator: ", ")))")
        }
        var files: [(ModelOutput, JobSpecification.Format, name: String)] = []
        for output in outputs {
            var seen: Set<JobSpecification.Format> = []
            for format in specification.formats(for: output.name) where seen.insert(format).inserted {
                let name = "\(fileName(of: output.name)).\(format.rawValue)"
                if let other = files.first(where: { $0.name == name }) {
                    throw FileError(
                        path: "\(specification.folder)/\(name)", offset: nil,
                        reason: "outputs '\(other.0.name)' and '\(output.name)' would both go here; leave one out with "
                            + "outputs.named and formats: []")
                }
                files.append((output, format, name))
            }
        }
        return files
    }

    /// What all items have, for files that need it.
    private static func commonType(of output: ModelOutput, path: String) throws(FileError) -> TensorType {
        guard let type = output.itemType else {
            throw FileError(
                path: path, offset: nil,
                reason: "the items of output '\(output.name)' differ in shape, and this kind of file has one for all; "
                    + "write npz or jsonl (outputs.formats)")
        }
        return type
    }

    /// Names in models hold slashes and colons.
    static func fileName(of output: String) -> String {
        let name = String(
            output.unicodeScalars.map { scalar in
                let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                return isPlain || "._-".unicodeScalars.contains(scalar) ? Character(scalar) : "_"
            })
        // A hidden file, or a name that means a folder.
        return name.isEmpty || name.hasPrefix(".") ? "_" + name : String(name.prefix(200))
    }

    private static func top(
        _ specification: JobSpecification.Outputs, _ output: ModelOutput, _ classes: ClassNames?, path: String
    ) throws(FileError) -> Int? {
        guard let top = specification.top(for: output.name) else { return nil }
        let shape = try commonType(of: output, path: path).shape
        guard ClassRanking.isRanking(shape) else {
            throw FileError(
                path: path, offset: nil,
                reason: "'top' needs one value for each class, and output '\(output.name)' is \(shape) for each item; "
                    + "choose other formats for it under outputs.named")
        }
        guard top <= shape.elementCount else {
            throw FileError(
                path: path, offset: nil,
                reason: "top: \(top), and output '\(output.name)' has \(shape.elementCount) classes")
        }
        if let count = classes?.names.count, count != shape.elementCount {
            throw FileError(
                path: path, offset: nil,
                reason: "\(count) names of classes for the \(shape.elementCount) classes of output '\(output.name)'")
        }
        return top
    }
}
