internal import Tensors

/// Writes a PNG file for each item, out of one output or of several side by side.
///
/// A file is complete on the disk as soon as its item is, under a hidden name, so that the number of items is not limited by
/// that of open files; `publish` gives all of them their names.
final class PictureSink {
    let folder: String
    private let form: JobSpecification.ImageOutput
    private let created: OutputFolder
    private let names: [String]
    private let itemShapes: [String: Shape]
    /// Parts of items of which others are still to come, by output.
    private var waiting: [Int: [String: Picture]] = [:]
    private var files: [AtomicFile?]

    /// - Throws: where an output is not there or is no image, and where the folder cannot be made.
    init(_ form: JobSpecification.ImageOutput, outputs: [ModelOutput], items: ItemNames) throws(FileError) {
        self.form = form
        folder = form.folder
        var shapes: [String: Shape] = [:]
        var first: (name: String, shape: Shape)?
        for name in form.from {
            guard let output = outputs.first(where: { $0.name == name }) else {
                let known = outputs.map(\.name)
                throw FileError(
                    path: form.folder, offset: nil,
                    reason: "outputs.images: the model has no output '\(name)'\(NearestName.hint(name, among: known)) "
                        + "(it has \(known.joined(separator: ", ")))")
            }
            let shape = output.itemType.shape
            guard let extents = Picture.extents(of: shape, form.layout) else {
                throw FileError(
                    path: form.folder, offset: nil,
                    reason:
                        "outputs.images: output '\(name)' is \(shape) for each item, and an image is height x width, or "
                        + (form.layout == .nchw ? "1 or 3 x height x width" : "height x width x 1 or 3"))
            }
            if let first, Picture.extents(of: first.shape, form.layout)!.height != extents.height {
                throw FileError(
                    path: form.folder, offset: nil,
                    reason:
                        "outputs.images: '\(first.name)' (\(first.shape)) and '\(name)' (\(shape)) differ in height and "
                        + "cannot stand side by side")
            }
            first = first ?? (name, shape)
            shapes[name] = shape
        }
        itemShapes = shapes
        names = PictureSink.fileNames(items)
        files = [AtomicFile?](repeating: nil, count: items.count)
        created = try OutputFolder(form.folder)
    }

    deinit { discard() }

    var missingCount: Int { files.count { $0 == nil } }

    /// - Parameter tensor: `[items.count, ...]`
    func write(_ output: String, items: Range<Int>, from tensor: Tensor) throws(FileError) {
        guard let shape = itemShapes[output] else { return }
        for (offset, item) in items.enumerated() {
            let picture = Picture(tensor.slice(offset..<offset + 1).reshaped(shape), form)
            var parts = waiting.removeValue(forKey: item) ?? [:]
            precondition(files[item] == nil && parts[output] == nil, "item \(item) comes twice")
            parts[output] = picture
            guard parts.count == itemShapes.count else {
                waiting[item] = parts
                continue
            }
            let path = "\(folder)/\(names[item])"
            let bytes = try PNGEncoder.encode(
                Picture.row(form.from.map { parts[$0]! }, gap: form.gap), path: path)
            let file = try AtomicFile(path: path)
            do {
                try file.append(bytes)
                try file.seal()
            } catch {
                file.discard()
                throw error
            }
            files[item] = file
        }
    }

    func publish() throws(FileError) {
        for file in files { try file!.publish() }
    }

    func discard() {
        for file in files { file?.discard() }
        created.removeIfCreated()
    }

    /// The items' names with .png in place of their extension, folders as underscores; rows of arrays by number.
    private static func fileNames(_ items: ItemNames) -> [String] {
        let digits = max(4, "\(max(items.count - 1, 0))".count)
        var taken: Set<String> = []
        return (0..<items.count).map { item in
            let number = String(repeating: "0", count: digits - "\(item)".count) + "\(item)"
            var name = "item-\(number)"
            if let path = items[item] {
                let stem = path.lastIndex(of: ".").map { String(path[..<$0]) } ?? path
                name = OutputSet.fileName(of: stem)
                if taken.contains(name) { name += "-\(number)" }
            }
            taken.insert(name)
            return name + ".png"
        }
    }
}
