internal import Files
internal import Tensors

/// How the items of an output become lines of text.
protocol RowFormat {
    /// Comes before the first item, its line break included; empty where there is no header.
    var header: String { get }

    /// One line, its line break included.
    /// - Parameter tensor: the item's elements.
    func row(item: Int, _ tensor: Tensor) -> String
}

/// A text file with a line for each item; lines that come early are kept until those before them are there.
final class RowSink: FileSink {
    let file: StagedFile
    private let format: any RowFormat
    private let count: Int
    /// The item whose line comes next.
    private var next = 0
    private var waiting: [Int: String] = [:]
    private var buffer: [UInt8] = []
    /// Bytes that are collected before a system call.
    private static let bufferByteCount = 1 << 16

    init(_ name: String, in folder: StagedFolder, format: any RowFormat, count: Int) throws(FileError) {
        file = try folder.file(name)
        self.format = format
        self.count = count
        buffer = Array(format.header.utf8)
    }

    var missingCount: Int { count - next }

    func write(items: [Int], from tensor: Tensor) throws(FileError) {
        let itemShape = Shape(Array(tensor.shape.dimensions.dropFirst()))
        for (offset, item) in items.enumerated() {
            precondition(item >= next && item < count && waiting[item] == nil, "item \(item) comes twice")
            waiting[item] = format.row(item: item, tensor.slice(offset..<offset + 1).reshaped(itemShape))
        }
        while let row = waiting.removeValue(forKey: next) {
            buffer += row.utf8
            next += 1
            if buffer.count >= RowSink.bufferByteCount { try flush() }
        }
    }

    func finish() throws(FileError) { try flush() }

    private func flush() throws(FileError) {
        try file.append(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
