internal import Files
internal import ModelFormats
internal import Tensors

/// A .npz file with an array for each item, of the item's name, or its number where it has none: for items whose results
/// differ in shape. They are kept in memory until all are there.
final class ArchiveSink: FileSink {
    let file: StagedFile
    private let names: ItemNames
    private var results: [Tensor?]

    init(_ name: String, in folder: StagedFolder, items: ItemNames) throws(FileError) {
        file = try folder.file(name)
        names = items
        results = [Tensor?](repeating: nil, count: items.count)
    }

    var missingCount: Int { results.count { $0 == nil } }

    func write(items: [Int], from tensor: Tensor) throws(FileError) {
        for (offset, item) in items.enumerated() {
            precondition(results[item] == nil, "item \(item) comes twice")
            let row = tensor.slice(offset..<offset + 1)
            let copy = Tensor(uninitialized: row.dtype, shape: Shape(Array(row.shape.dimensions.dropFirst())))
            row.withBytes { source in copy.withMutableBytes { $0.copyMemory(from: source) } }
            results[item] = copy
        }
    }

    func finish() throws(FileError) {
        var archive = NPZArchive()
        for (item, tensor) in results.enumerated() { archive.add(names[item] ?? "\(item)", tensor!) }
        results = []
        try file.append(archive.encoded(path: file.path))
    }
}
