internal import Tensors

/// One file of results, decided before anything is made: which output goes there, in which format, and how.
struct PlannedFile {
    let output: ModelOutput
    let format: JobSpecification.Format
    /// Of the file in the folder of the outputs.
    let name: String
    /// Best classes of each item; nil for all values.
    let top: Int?

    /// Which files a job writes, checked against the outputs that the model has. Nothing is made.
    ///
    /// - Parameter classes: what the classes are called, where the job says so.
    /// - Throws: for outputs that the model has not, two outputs in one file, and formats that cannot hold an output.
    static func all(
        of specification: JobSpecification.Outputs, outputs: [ModelOutput], classes: ClassNames?
    ) throws(FileError) -> [PlannedFile] {
        let names = outputs.map(\.name)
        for name in specification.named.keys.sorted() where !names.contains(name) {
            throw FileError(
                path: specification.folder, offset: nil,
                reason: "outputs.named: the model has no output '\(name)'\(NearestName.choice(name, among: names))")
        }
        var files: [PlannedFile] = []
        for output in outputs {
            var seen: Set<JobSpecification.Format> = []
            for format in specification.formats(for: output.name) where seen.insert(format).inserted {
                let name = "\(OutputSet.fileName(of: output.name)).\(format.rawValue)"
                let path = "\(specification.folder)/\(name)"
                if let other = files.first(where: { $0.name == name }) {
                    throw FileError(
                        path: path, offset: nil,
                        reason:
                            "outputs '\(other.output.name)' and '\(output.name)' would both go here; leave one out with "
                            + "outputs.named and formats: []")
                }
                // Where only the run can tell the shape of the items, the first of them does, for an array.
                if format == .csv || (format == .npy && !output.isOpen) { _ = try commonType(of: output, path: path) }
                let isText = format == .csv || format == .jsonl
                let top = try isText ? top(specification, output, classes, path: path) : nil
                files.append(PlannedFile(output: output, format: format, name: name, top: top))
            }
        }
        if let form = specification.images { try PictureSink.check(form, outputs: outputs) }
        return files
    }

    /// What all items have, for files that need it.
    private static func commonType(of output: ModelOutput, path: String) throws(FileError) -> TensorType {
        guard !output.isOpen else {
            throw FileError(
                path: path, offset: nil,
                reason:
                    "only the run can tell the shape of output '\(output.name)', and this kind of file, and 'top', want to "
                    + "know it before; write npy, npz or jsonl (outputs.formats)")
        }
        guard let type = output.itemType else {
            throw FileError(
                path: path, offset: nil,
                reason: "the items of output '\(output.name)' differ in shape, and this kind of file has one for all; "
                    + "write npz or jsonl (outputs.formats)")
        }
        return type
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
                reason:
                    "top: \(top), and output '\(output.name)' has \(shape.elementCount) classes; set outputs.top to at "
                    + "most \(shape.elementCount)")
        }
        if let count = classes?.names.count, count != shape.elementCount {
            throw FileError(
                path: path, offset: nil,
                reason:
                    "\(count) names of classes for the \(shape.elementCount) classes of output '\(output.name)'; the "
                    + "file of 'classes' needs a line for each")
        }
        return top
    }
}
