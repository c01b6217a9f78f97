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
        let files = try PlannedFile.all(of: specification, outputs: outputs, classes: classes)
        let folder = try StagedFolder(specification.folder)
        var folders = [folder]
        itemCount = items.count
        var sinks: [(outputs: [ModelOutput], sink: any OutputSink)] = []
        do {
            for file in files {
                let count = items.count
                switch file.format {
                case .npy:
                    // Where only the run can tell, the first item does.
                    let itemType = file.output.isOpen ? nil : file.output.itemType
                    sinks.append(
                        ([file.output], try ArraySink(file.name, in: folder, itemType: itemType, count: count)))
                case .npz: sinks.append(([file.output], try ArchiveSink(file.name, in: folder, items: items)))
                case .csv, .jsonl:
                    let context = RowContext(
                        itemNames: items, labels: labels?.classes, classNames: file.top == nil ? nil : classes?.names,
                        top: file.top,
                        columnNames: file.output.columnNames.flatMap {
                            $0.count == file.output.itemType?.shape.elementCount ? $0 : nil
                        }, itemShape: file.output.itemType?.shape)
                    let rows: any RowFormat =
                        file.format == .csv ? CSVFormat(context: context) : JSONLinesFormat(context: context)
                    sinks.append(([file.output], try RowSink(file.name, in: folder, format: rows, count: count)))
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

    /// Whether the folders can be made and written to, and no two files have the same name. What is made to find
    /// out is taken away again.
    static func requirePlace(
        for specification: JobSpecification.Outputs, files: [PlannedFile]
    ) throws(FileError) {
        let folder = try StagedFolder(specification.folder)
        defer { folder.discard() }
        for file in files { try folder.requireName(file.name) }
        if let form = specification.images, folder.name(ofFolder: form.folder) == nil {
            try StagedFolder(form.folder).discard()
        }
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
}
