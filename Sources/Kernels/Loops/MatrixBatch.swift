internal import Graphs
internal import Tensors

/// A product of batches of matrices, [..., rows, inner] times [..., inner, columns]: which matrices are multiplied.
struct MatrixBatch {
    /// Of one product; where one right matrix serves all left ones, these are one matrix of many rows.
    let rows: Int
    let inner: Int
    let columns: Int
    /// Of one left matrix.
    let matrixRows: Int
    /// Where the matrices of each product start, in elements.
    let left: OuterAxes
    let right: OuterAxes

    /// - Parameter left: an operand with one axis is a row on the left, and a column on the right.
    init(_ left: Shape, _ right: Shape) throws(InferenceError) {
        let a = left.rank == 1 ? [1, left[0]] : left.dimensions
        let b = right.rank == 1 ? [right[0], 1] : right.dimensions
        matrixRows = a[a.count - 2]
        inner = a[a.count - 1]
        columns = b[b.count - 1]
        let leftBatch = Array(a.dropLast(2))
        let rightBatch = Array(b.dropLast(2))
        let batch = try broadcastShape(Shape(leftBatch), Shape(rightBatch))
        if rightBatch.allSatisfy({ $0 == 1 }), rightBatch.count <= leftBatch.count {
            rows = matrixRows * batch.elementCount
            self.left = OuterAxes(extents: [], strides: [])
            self.right = self.left
        } else {
            rows = matrixRows
            self.left = OuterAxes(stretching: leftBatch, to: batch, stride: matrixRows * inner)
            self.right = OuterAxes(stretching: rightBatch, to: batch, stride: inner * columns)
        }
    }

    /// Whether all is one product.
    var isSingle: Bool { left.extents.isEmpty }
}

extension OuterAxes {
    /// Where things that are `stride` elements long start when a shape of them is stretched to another.
    fileprivate init(stretching shape: [Int], to target: Shape, stride: Int) {
        let missing = target.rank - shape.count
        let strides = Shape(shape).strides
        self.init(
            extents: target.dimensions,
            strides: (0..<target.rank).map {
                $0 < missing || shape[$0 - missing] == 1 ? 0 : strides[$0 - missing] * stride
            })
    }
}
