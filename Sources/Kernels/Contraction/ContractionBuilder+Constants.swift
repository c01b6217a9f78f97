internal import CKernels
internal import Graphs
internal import Tensors

extension ContractionBuilder {
    /// A product with a constant float32 matrix, which is packed once; nil where the right side is none or too narrow.
    mutating func linearProduct(
        _ left: LetteredView, _ right: LetteredView, rows: [Character], columns: [Character], depth: [Character],
        into wanted: LetteredView
    ) throws -> LetteredView? {
        let (rowCount, depthCount, columnCount) = (extents.count(rows), extents.count(depth), extents.count(columns))
        guard Element.self == Float.self, case .operand(let index) = right.place, request.isConstant(index),
            columnCount >= 16
        else { return nil }
        var (left, target) = (left, wanted)
        let readsRows = left.stride(of: depth, extents, ofNone: 1) == 1
        if !readsRows || left.stride(of: rows, extents, ofNone: depthCount).map({ $0 >= depthCount }) != true {
            left = dense(left, rows + depth)
        }
        if target.stride(of: columns, extents, ofNone: 1) != 1
            || target.stride(of: rows, extents, ofNone: columnCount) == nil
        {
            target = temporary(rows + columns)
        }
        var shape = mpk_linear_shape(
            rows: Int64(rowCount), depth: Int64(depthCount), out_features: Int64(columnCount),
            input_row_stride: Int64(left.stride(of: rows, extents, ofNone: depthCount)!),
            output_row_stride: Int64(target.stride(of: rows, extents, ofNone: columnCount)!),
            weight_layout: Int32(MPK_WEIGHTS_DEPTH_OUT))
        // The order of letters may depend on which of them have extent 1, and so differ from shape to shape.
        let form = "einsum operand \(index) as \(String(depth)),\(String(columns))"
        let packed = try request.packed(form) {
            let matrix = try denseConstant(right, index, depth + columns)
            let packed = Storage(
                byteCount: mpk_linear_packed_weight_count(&shape) * MemoryLayout<Float>.stride, zeroed: true)
            mpk_linear_pack_weights(
                &shape, matrix.pointer.assumingMemoryBound(to: Float.self),
                packed.pointer.assumingMemoryBound(to: Float.self))
            return packed
        }
        absorbed.insert(index)
        let kernel = PackedLinearKernel(shape: shape, packed: packed, function: .identity, bias: nil, residual: nil)
        steps.append(
            ContractionKernel.Step(
                kernel: kernel, inputs: [left.place, right.place], output: target.place))
        return target
    }

    /// A constant operand's elements, dense in this order of letters.
    private func denseConstant(_ view: LetteredView, _ operand: Int, _ order: [Character]) throws -> Storage {
        let matrix = Storage(byteCount: extents.count(order) * MemoryLayout<Element>.stride)
        guard let constant = try request.constant(operand) else {
            preconditionFailure("operand \(operand) was constant a moment ago")
        }
        let copy = StridedCopy(
            extents: order.map { extents[$0]! }, strides: order.map { view.strides[$0]! },
            elementByteCount: MemoryLayout<Element>.stride)
        constant.withBytes { bytes in
            copy.run(
                bytes.baseAddress!, matrix.pointer,
                KernelContext(pool: .caller, scratch: matrix.pointer, scratchStride: 0))
        }
        return matrix
    }
}
