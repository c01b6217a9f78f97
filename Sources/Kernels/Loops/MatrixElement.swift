internal import COpenBLAS

/// A number whose matrices can be multiplied.
protocol MatrixElement: NumericElement {
    /// c += alpha * a * b for row-major matrices; strides count elements from row to row of what is stored.
    ///
    /// - Parameters:
    ///   - a: [rows, inner], or [inner, rows] when transposed
    ///   - b: [inner, columns], or [columns, inner] when transposed
    ///   - c: [rows, columns]
    static func addProduct(
        rows: Int, columns: Int, inner: Int, alpha: Float, _ a: UnsafePointer<Self>, stride aStride: Int,
        transposed aTransposed: Bool, _ b: UnsafePointer<Self>, stride bStride: Int, transposed bTransposed: Bool,
        _ c: UnsafeMutablePointer<Self>, stride cStride: Int)
}

/// OpenBLAS computes on the calling thread only: the rank's own threads share the work, in blocks that do not depend
/// on their number, so that results do not either.
private let singleThreadedBLAS: Void = openblas_set_num_threads(1)

extension Float: MatrixElement {
    static func addProduct(
        rows: Int, columns: Int, inner: Int, alpha: Float, _ a: UnsafePointer<Float>, stride aStride: Int,
        transposed aTransposed: Bool, _ b: UnsafePointer<Float>, stride bStride: Int, transposed bTransposed: Bool,
        _ c: UnsafeMutablePointer<Float>, stride cStride: Int
    ) {
        _ = singleThreadedBLAS
        cblas_sgemm(
            CblasRowMajor, aTransposed ? CblasTrans : CblasNoTrans, bTransposed ? CblasTrans : CblasNoTrans,
            blasint(rows), blasint(columns), blasint(inner), alpha, a, blasint(max(aStride, 1)), b,
            blasint(max(bStride, 1)), 1, c, blasint(max(cStride, 1)))
    }
}

extension Double: MatrixElement {
    static func addProduct(
        rows: Int, columns: Int, inner: Int, alpha: Float, _ a: UnsafePointer<Double>, stride aStride: Int,
        transposed aTransposed: Bool, _ b: UnsafePointer<Double>, stride bStride: Int, transposed bTransposed: Bool,
        _ c: UnsafeMutablePointer<Double>, stride cStride: Int
    ) {
        _ = singleThreadedBLAS
        cblas_dgemm(
            CblasRowMajor, aTransposed ? CblasTrans : CblasNoTrans, bTransposed ? CblasTrans : CblasNoTrans,
            blasint(rows), blasint(columns), blasint(inner), Double(alpha), a, blasint(max(aStride, 1)), b,
            blasint(max(bStride, 1)), 1, c, blasint(max(cStride, 1)))
    }
}

extension MatrixElement where Self: FixedWidthInteger {
    static func addProduct(
        rows: Int, columns: Int, inner: Int, alpha: Float, _ a: UnsafePointer<Self>, stride aStride: Int,
        transposed aTransposed: Bool, _ b: UnsafePointer<Self>, stride bStride: Int, transposed bTransposed: Bool,
        _ c: UnsafeMutablePointer<Self>, stride cStride: Int
    ) {
        let factor = Self(converting: Double(alpha))
        for row in 0..<rows {
            for step in 0..<inner {
                let left = (aTransposed ? a[step * aStride + row] : a[row * aStride + step]) &* factor
                let line = c + row * cStride
                if bTransposed {
                    for column in 0..<columns { line[column] &+= left &* b[column * bStride + step] }
                } else {
                    let from = b + step * bStride
                    for column in 0..<columns { line[column] &+= left &* from[column] }
                }
            }
        }
    }
}

extension Int32: MatrixElement {}
extension Int64: MatrixElement {}
extension UInt32: MatrixElement {}
extension UInt64: MatrixElement {}
