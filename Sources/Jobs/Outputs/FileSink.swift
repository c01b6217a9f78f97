internal import Files
internal import Tensors

/// A sink that makes one file of the items of one output, in the order of the inputs.
protocol FileSink: OutputSink {
    var file: StagedFile { get }

    /// - Parameter tensor: `[items.count, ...]`
    func write(items: [Int], from tensor: Tensor) throws(FileError)
    /// Called once all items are there, before the file is closed.
    func finish() throws(FileError)
}

extension FileSink {
    var path: String { file.path }

    func write(_ output: String, items: [Int], from tensor: Tensor) throws(FileError) {
        try write(items: items, from: tensor)
    }

    func seal() throws(FileError) {
        try finish()
        try file.close()
    }
}
