internal import CKernels
internal import Tensors

/// The weights of a recurrent operator as CKernels needs them: for each direction the features of W or R in the order
/// [block][gate][unit of the block], blocks rounded up to whole panels.
struct RecurrentWeights: Sendable {
    let directions: Int
    let gates: Int
    let hidden: Int
    /// Columns of the matrix: input size for W, hidden size for R.
    let depth: Int

    static let panel = Int(mpk_linear_panel_width())

    var blocks: Int { (hidden + RecurrentWeights.panel - 1) / RecurrentWeights.panel }
    /// Features of a direction, with those that fill up the last block.
    var width: Int { blocks * gates * RecurrentWeights.panel }
    /// Packed floats of a direction.
    var directionCount: Int { width * depth }

    /// The rows of [directions * gates * hidden, depth] that make one panel, and where its features begin.
    private var slices: [(rows: Range<Int>, direction: Int, feature: Int)] {
        var slices: [(rows: Range<Int>, direction: Int, feature: Int)] = []
        for direction in 0..<directions {
            for gate in 0..<gates {
                for block in 0..<blocks {
                    let first = block * RecurrentWeights.panel
                    let row = (direction * gates + gate) * hidden
                    let rows = row + first..<row + min(first + RecurrentWeights.panel, hidden)
                    slices.append((rows, direction, (block * gates + gate) * RecurrentWeights.panel))
                }
            }
        }
        return slices
    }

    /// A constant operand, packed once; nil where it is not constant.
    func packed(_ request: KernelRequest, operand: Int) throws -> Storage? {
        guard request.isConstant(operand) else { return nil }
        return try request.packed("recurrent\(operand)") {
            let storage = emptyStorage
            guard depth > 0 else { return storage }
            let slices = slices
            var next = 0
            try request.forEachSlice(
                of: operand, rowCount: directions * gates * hidden, slices.map(\.rows)
            ) { rows, tensor in
                tensor.withBytes { bytes in
                    pack(
                        bytes.baseAddress!.assumingMemoryBound(to: Float.self), count: rows.count,
                        direction: slices[next].direction, feature: slices[next].feature, into: storage)
                }
                next += 1
            }
            return storage
        }
    }

    /// Weights that are known only now.
    func packed(_ weights: UnsafePointer<Float>) -> Storage {
        let storage = emptyStorage
        for slice in slices where depth > 0 {
            pack(
                weights + slice.rows.lowerBound * depth, count: slice.rows.count, direction: slice.direction,
                feature: slice.feature, into: storage)
        }
        return storage
    }

    private var emptyStorage: Storage {
        Storage(byteCount: directions * directionCount * MemoryLayout<Float>.stride, zeroed: true)
    }

    /// - Parameter weights: [count, depth]
    private func pack(
        _ weights: UnsafePointer<Float>, count: Int, direction: Int, feature: Int, into storage: Storage
    ) {
        var shape = shape(rows: 1, inputStride: 0, outputStride: 0)
        let destination = storage.pointer.assumingMemoryBound(to: Float.self) + direction * directionCount
        mpk_linear_pack_weights_slice(
            &shape, Int64(feature), Int64(count), 0, Int64(depth), weights, destination)
    }

    /// The product with this matrix.
    ///
    /// - Parameters: strides in floats from row to row, 0 where rows lie one after the other
    func shape(rows: Int, inputStride: Int, outputStride: Int) -> mpk_linear_shape {
        mpk_linear_shape(
            rows: Int64(rows), depth: Int64(depth), out_features: Int64(width), input_row_stride: Int64(inputStride),
            output_row_stride: Int64(outputStride), weight_layout: Int32(MPK_WEIGHTS_OUT_DEPTH))
    }
}
