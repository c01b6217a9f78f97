import Tensors

@testable import Jobs

// Items that follow one another, as tests name them.

extension InputSource {
    func read(items: Range<Int>, into tensor: Tensor) throws(FileError) {
        try read(items: Array(items), into: tensor)
    }
}

extension OutputSet {
    func write(_ output: String, items: Range<Int>, from tensor: Tensor) throws(FileError) {
        try write(output, items: Array(items), from: tensor)
    }
}
