internal import Files
internal import Tensors

/// Writes a PNG file for each item, out of one output or of several side by side.
///
/// A file is closed as soon as its item is there, so that the number of items is not limited by that of open files.
final class PictureSink: OutputSink {
    private let form: JobSpecification.ImageOutput
    private let folder: StagedFolder
    /// Of the pictures' folder in that one; "." where they are the same.
    private let folderName: String
    private let names: [String]
    /// Parts of items of which others are still to come, by output.
    private var waiting: [Int: [String: Picture]] = [:]
    private var isWritten: [Bool]

    /// - Parameters:
    ///   - folder: of which the pictures' folder is a part.
    ///   - folderName: of the pictures' folder in it.
    /// - Throws: where an output is not there or is no image, and where the folder cannot be made.
    init(
        _ form: JobSpecification.ImageOutput, outputs: [ModelOutput], items: ItemNames, in folder: StagedFolder,
        folderName: String
    ) throws(FileError) {
        self.folder = folder
        self.folderName = folderName
        self.form = form
        try PictureSink.check(form, outputs: outputs)
        names = PictureSink.fileNames(items)
        isWritten = [Bool](repeating: false, count: items.count)
        try folder.makeFolder(folderName)
    }

    /// Whether the outputs are there, and are images as far as their shapes are known.
    static func check(_ form: JobSpecification.ImageOutput, outputs: [ModelOutput]) throws(FileError) {
        var known: [(name: String, shape: Shape)] = []
        for name in form.from {
            guard let output = outputs.first(where: { $0.name == name }) else {
                throw FileError(
                    path: form.folder, offset: nil,
                    reason: "outputs.images: the model has no output "
                        + "'\(name)'\(NearestName.choice(name, among: outputs.map(\.name)))")
            }
            // Items that differ in shape are looked at one by one.
            if let type = output.itemType { known.append((name, type.shape)) }
        }
        try check(known, form)
    }

    var path: String { "\(form.folder)/" }

    var missingCount: Int { isWritten.count { !$0 } }

    /// Whether items of these shapes are images that can be placed side by side.
    private static func check(
        _ shapes: [(name: String, shape: Shape)], _ form: JobSpecification.ImageOutput
    ) throws(FileError) {
        for (name, shape) in shapes where Picture.extents(of: shape, form.layout) == nil {
            throw FileError(
                path: form.folder, offset: nil,
                reason:
                    "outputs.images: output '\(name)' is \(shape) for each item, and an image is height x width, or "
                    + (form.layout == .nchw ? "1 or 3 x height x width" : "height x width x 1 or 3"))
        }
        let heights = shapes.map { Picture.extents(of: $0.shape, form.layout)!.height }
        for (other, height) in zip(shapes, heights) where height != heights[0] {
            throw FileError(
                path: form.folder, offset: nil,
                reason: "outputs.images: '\(shapes[0].name)' (\(shapes[0].shape)) and '\(other.name)' (\(other.shape)) "
                    + "differ in height and cannot stand side by side")
        }
    }

    func write(_ output: String, items: [Int], from tensor: Tensor) throws(FileError) {
        let shape = Shape(Array(tensor.shape.dimensions.dropFirst()))
        try PictureSink.check([(output, shape)], form)
        let count = Set(form.from).count
        for (offset, item) in items.enumerated() {
            var parts = waiting.removeValue(forKey: item) ?? [:]
            precondition(!isWritten[item] && parts[output] == nil, "item \(item) comes twice")
            parts[output] = Picture(tensor.slice(offset..<offset + 1).reshaped(shape), form)
            guard parts.count == count else {
                waiting[item] = parts
                continue
            }
            let heights = parts.values.map(\.height)
            guard heights.allSatisfy({ $0 == heights[0] }) else {
                throw FileError(
                    path: form.folder, offset: nil,
                    reason:
                        "outputs.images: the pictures of item \(item) differ in height and cannot stand side by side")
            }
            let path = "\(form.folder)/\(names[item])"
            let bytes = try PNGEncoder.encode(
                Picture.row(form.from.map { parts[$0]! }, gap: form.gap), path: path)
            let file = try folder.file(folderName == "." ? names[item] : "\(folderName)/\(names[item])")
            try file.append(bytes)
            try file.close()
            isWritten[item] = true
        }
    }

    /// Each file was closed when its item came.
    func seal() {}

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
