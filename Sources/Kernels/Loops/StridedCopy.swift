internal import Tensors

/// A dense output whose cells lie anywhere at fixed strides in the input: transposes, broadcasts, tilings. Axes that
/// continue one another are merged, and a plane that swaps the fastest axes is copied tile by tile.
struct StridedCopy: Sendable {
    /// Merged extents of the output, outermost first; at least one.
    private let extents: [Int]
    /// Input elements from one index to the next, for each axis.
    private let strides: [Int]
    /// The axis along which the input is contiguous, where that is not the last one.
    private let swappedAxis: Int?
    let elementByteCount: Int

    init(extents: [Int], strides: [Int], elementByteCount: Int) {
        var merged: [Int] = []
        var steps: [Int] = []
        for (extent, step) in zip(extents, strides) where extent != 1 {
            if let last = steps.last, last == step * extent {
                merged[merged.count - 1] *= extent
                steps[steps.count - 1] = step
            } else {
                merged.append(extent)
                steps.append(step)
            }
        }
        if merged.isEmpty {
            merged = [1]
            steps = [1]
        }
        self.extents = merged
        self.strides = steps
        self.elementByteCount = elementByteCount
        swappedAxis = steps.last == 1 || steps.last == 0 ? nil : steps.dropLast().lastIndex(of: 1)
    }

    var elementCount: Int { extents.reduce(1, *) }

    /// - Parameters:
    ///   - source: the input's element that the first output element comes from
    ///   - destination: [elementCount]
    func run(
        _ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer, _ context: borrowing KernelContext
    ) {
        guard elementCount > 0 else { return }
        switch elementByteCount {
        case 1: run(UInt8.self, source, destination, context)
        case 2: run(UInt16.self, source, destination, context)
        case 4: run(UInt32.self, source, destination, context)
        default: run(UInt64.self, source, destination, context)
        }
    }

    private func run<Cell: BitwiseCopyable>(
        _: Cell.Type, _ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer,
        _ context: borrowing KernelContext
    ) {
        let source = source.assumingMemoryBound(to: Cell.self)
        let destination = destination.assumingMemoryBound(to: Cell.self)
        if let swappedAxis {
            runSwapped(source, destination, axis: swappedAxis, context)
        } else {
            runRows(source, destination, context)
        }
    }

    private func runRows<Cell: BitwiseCopyable>(
        _ source: UnsafePointer<Cell>, _ destination: UnsafeMutablePointer<Cell>, _ context: borrowing KernelContext
    ) {
        let length = extents[extents.count - 1]
        let step = strides[strides.count - 1]
        if extents.count == 1 && step == 1 {
            MemoryMovement.copy(source, to: destination, byteCount: length * elementByteCount, context)
            return
        }
        let outer = OuterAxes(extents: Array(extents.dropLast()), strides: Array(strides.dropLast()))
        context.parallelRanges(outer.count, cost: length) { rows in
            outer.forEach(in: rows) { row, offset in
                let from = source + offset
                let to = destination + row * length
                if step == 1 {
                    MemoryMovement.copy(from, to: to, byteCount: length * MemoryLayout<Cell>.stride)
                } else if step == 0 {
                    to.update(repeating: from[0], count: length)
                } else {
                    for index in 0..<length { to[index] = from[index &* step] }
                }
            }
        }
    }

    /// Input columns become output rows: tiles of 16 x 16 keep both sides in the first-level cache.
    private func runSwapped<Cell: BitwiseCopyable>(
        _ source: UnsafePointer<Cell>, _ destination: UnsafeMutablePointer<Cell>, axis: Int,
        _ context: borrowing KernelContext
    ) {
        let tile = 16
        let columns = extents[extents.count - 1]
        let columnStep = strides[strides.count - 1]
        let rows = extents[axis]
        let rowStep = extents[(axis + 1)...].reduce(1, *)  // of the output
        var others = extents
        var inputSteps = strides
        var outputSteps = Shape(extents).strides
        for list in [axis, extents.count - 1].sorted(by: >) {
            others.remove(at: list)
            inputSteps.remove(at: list)
            outputSteps.remove(at: list)
        }
        let outer = OuterAxes(extents: others, strides: inputSteps)
        let target = OuterAxes(extents: others, strides: outputSteps)
        let bands = (rows + tile - 1) / tile
        context.parallelRanges(outer.count * bands, cost: tile * columns * 2) { range in
            for band in range {
                let plane = band / bands
                let firstRow = band % bands * tile
                let lastRow = min(firstRow + tile, rows)
                let from = source + outer.offset(of: plane)
                let to = destination + target.offset(of: plane)
                for firstColumn in stride(from: 0, to: columns, by: tile) {
                    let lastColumn = min(firstColumn + tile, columns)
                    for row in firstRow..<lastRow {
                        let line = to + row &* rowStep
                        let cells = from + row
                        for column in firstColumn..<lastColumn { line[column] = cells[column &* columnStep] }
                    }
                }
            }
        }
    }
}

/// The axes around an inner loop, counted as one index, with the offset that each index has in some tensor.
struct OuterAxes: Sendable {
    let extents: [Int]
    let strides: [Int]
    let count: Int

    init(extents: [Int], strides: [Int]) {
        self.extents = extents
        self.strides = strides
        count = extents.reduce(1, *)
    }

    @inline(__always)
    func offset(of index: Int) -> Int {
        var rest = index
        var offset = 0
        var axis = extents.count - 1
        while axis >= 0 {
            let extent = extents[axis]
            let quotient = rest / extent
            offset += (rest - quotient * extent) * strides[axis]
            rest = quotient
            axis -= 1
        }
        return offset
    }

    @inline(__always)
    func forEach(in range: Range<Int>, _ body: (_ index: Int, _ offset: Int) -> Void) {
        for index in range { body(index, offset(of: index)) }
    }
}
