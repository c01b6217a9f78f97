internal import Tensors

/// The loop nest of an element-wise operator with broadcasting: neighbouring axes are merged as far as every operand
/// allows, so that what is left is rows in which each operand either moves by one element or does not move.
struct BroadcastPlan: Sendable {
    /// Extents of the axes around the rows, outermost first.
    private let outerExtents: [Int]
    /// [outer axes, operands] elements from one index to the next; 0 where an operand is stretched.
    private let outerStrides: [Int]
    let operandCount: Int
    /// Elements in a row.
    let rowLength: Int
    /// For each operand whether it moves along a row.
    let movesInRow: [Bool]
    let elementCount: Int

    init(output: Shape, operands: [Shape]) {
        operandCount = operands.count
        elementCount = output.elementCount
        // Strides of each operand on the output's axes.
        let aligned = operands.map { operand -> [Int] in
            let missing = output.rank - operand.rank
            let strides = operand.strides
            return (0..<output.rank).map { axis in
                axis < missing || operand[axis - missing] == 1 ? 0 : strides[axis - missing]
            }
        }
        var extents: [Int] = []
        var strides: [[Int]] = []
        for axis in 0..<output.rank where output[axis] != 1 {
            let extent = output[axis]
            let step = aligned.map { $0[axis] }
            if let last = strides.last, zip(last, step).allSatisfy({ $0 == $1 * extent }) {
                extents[extents.count - 1] *= extent
                strides[strides.count - 1] = step
            } else {
                extents.append(extent)
                strides.append(step)
            }
        }
        rowLength = extents.popLast() ?? 1
        movesInRow = (strides.popLast() ?? [Int](repeating: 1, count: operands.count)).map { $0 != 0 }
        outerExtents = extents
        outerStrides = strides.flatMap(\.self)
    }

    /// Calls `body` for each piece of a row that lies in a range of the output's elements.
    ///
    /// - Parameter body: takes the first output element, the count, and for each operand [operandCount] its element.
    // Not inlined: one copy serves every function, and a call per piece costs little compared with it.
    @inline(never)
    func forEachPiece(of range: Range<Int>, _ body: (_ start: Int, _ count: Int, _ offsets: UnsafePointer<Int>) -> Void)
    {
        let rank = outerExtents.count
        let operandCount = operandCount
        withUnsafeTemporaryAllocation(of: Int.self, capacity: rank + 2 * operandCount) { memory in
            let position = memory.baseAddress!  // [rank]
            let bases = position + rank  // [operandCount], of the row
            let offsets = bases + operandCount  // [operandCount], of the piece
            var row = range.lowerBound / rowLength
            var column = range.lowerBound - row * rowLength
            for operand in 0..<operandCount { bases[operand] = 0 }
            for axis in stride(from: rank - 1, through: 0, by: -1) {
                position[axis] = row % outerExtents[axis]
                row /= outerExtents[axis]
                for operand in 0..<operandCount {
                    bases[operand] += position[axis] * outerStrides[axis * operandCount + operand]
                }
            }
            var start = range.lowerBound
            while true {
                let count = min(rowLength - column, range.upperBound - start)
                for operand in 0..<operandCount {
                    offsets[operand] = bases[operand] + (movesInRow[operand] ? column : 0)
                }
                body(start, count, offsets)
                start += count
                if start >= range.upperBound { return }
                column = 0
                var axis = rank - 1
                while axis >= 0 {
                    position[axis] += 1
                    for operand in 0..<operandCount {
                        bases[operand] += outerStrides[axis * operandCount + operand]
                    }
                    if position[axis] < outerExtents[axis] { break }
                    for operand in 0..<operandCount {
                        bases[operand] -= outerExtents[axis] * outerStrides[axis * operandCount + operand]
                    }
                    position[axis] = 0
                    axis -= 1
                }
            }
        }
    }

    /// result[i] = function(left[i], right[i]) with broadcasting; for plans of two operands.
    @inline(__always)
    func combine<Left, Right, Result>(
        _ left: UnsafePointer<Left>, _ right: UnsafePointer<Right>, _ result: UnsafeMutablePointer<Result>,
        _ context: borrowing KernelContext, cost: Int = 1, _ function: (Left, Right) -> Result
    ) {
        let movesLeft = movesInRow[0]
        let movesRight = movesInRow[1]
        context.parallelRanges(elementCount, cost: cost) { range in
            forEachPiece(of: range) { start, count, offsets in
                let x = left + offsets[0]
                let y = right + offsets[1]
                let z = result + start
                if movesLeft && movesRight {
                    for index in 0..<count { z[index] = function(x[index], y[index]) }
                } else if movesLeft {
                    let scalar = y[0]
                    for index in 0..<count { z[index] = function(x[index], scalar) }
                } else {
                    let scalar = x[0]
                    for index in 0..<count { z[index] = function(scalar, y[index]) }
                }
            }
        }
    }
}
