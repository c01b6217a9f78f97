internal import Graphs
internal import Tensors

/// Weights out of packed whole numbers, as float32 or float64.
struct WeightUnpackingKernel<Element: BinaryFloatingPoint & BitwiseCopyable & Sendable>: Kernel {
    let unpacking: WeightUnpacking
    let areZerosPacked: Bool

    /// Columns that are filled side by side, so that whole cache lines of the result are written.
    private static var tile: Int { 16 }

    func run(_ operands: KernelOperands, _ context: borrowing KernelContext) throws(KernelError) {
        let columns = unpacking.columns
        let groups = try checkedGroups(operands)
        context.parallelRanges((columns + Self.tile - 1) / Self.tile, cost: unpacking.rows * Self.tile * 2) { tiles in
            fill(
                tiles.lowerBound * Self.tile..<min(tiles.upperBound * Self.tile, columns), operands, groups: groups,
                operands.output(0, as: Element.self))
        }
    }

    /// The numbers of the blocks, which come from a file.
    private func checkedGroups(_ operands: KernelOperands) throws(KernelError) -> UnsafePointer<Int32>? {
        guard let groups = operands.optionalInput(3, as: Int32.self) else { return nil }
        for row in 0..<unpacking.rows where groups[row] < 0 || groups[row] >= unpacking.blocks {
            throw KernelError("row \(row) of the weights is of block \(groups[row]), and there are \(unpacking.blocks)")
        }
        return groups
    }

    private func fill(
        _ columns: Swift.Range<Int>, _ operands: KernelOperands, groups: UnsafePointer<Int32>?,
        _ result: UnsafeMutablePointer<Element>
    ) {
        let packed = operands.input(0, as: UInt8.self)
        let scales = operands.input(1, as: Element.self)
        let packedZeros = areZerosPacked ? operands.optionalInput(2, as: UInt8.self) : nil
        let zeros = areZerosPacked ? nil : operands.optionalInput(2, as: Element.self)
        let (blocks, blockSize, bits) = (unpacking.blocks, unpacking.blockSize, unpacking.bits)
        let (columnBytes, zeroBytes) = (unpacking.columnByteCount, unpacking.zeroByteCount)
        let middle = Element(1 << (bits - 1))
        let width = unpacking.columns
        // Numbers of a byte, as a shift.
        let shift = bits == 8 ? 0 : bits == 4 ? 1 : 2
        let mask = (1 << bits) - 1
        func number(_ bytes: UnsafePointer<UInt8>, _ index: Int) -> Int {
            Int(bytes[index >> shift]) >> ((index & ((1 << shift) - 1)) * bits) & mask
        }
        for first in stride(from: columns.lowerBound, to: columns.upperBound, by: Self.tile) {
            let end = min(first + Self.tile, columns.upperBound)
            for row in 0..<unpacking.rows {
                let block = groups.map { Int($0[row]) } ?? row / blockSize
                for column in first..<end {
                    let place = column * blocks + block
                    let zero: Element
                    if let packedZeros {
                        zero = Element(number(packedZeros + column * zeroBytes, block))
                    } else {
                        zero = zeros?[place] ?? middle
                    }
                    let value = Element(number(packed + column * columnBytes, row))
                    result[row * width + column] = (value - zero) * scales[place]
                }
            }
        }
    }
}

extension WeightUnpacking {
    func kernel(_ request: KernelRequest) throws -> any Kernel {
        let areZerosPacked = request.inputType(2)?.dtype == .uint8
        switch request.outputTypes[0].dtype {
        case .float32: return WeightUnpackingKernel<Float>(unpacking: self, areZerosPacked: areZerosPacked)
        case .float64: return WeightUnpackingKernel<Double>(unpacking: self, areZerosPacked: areZerosPacked)
        case let dtype: throw KernelError("weights cannot be unpacked to \(dtype)")
        }
    }
}
