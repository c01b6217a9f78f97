#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Copies and fills of raw memory, cut over the threads where they are large.
enum MemoryMovement {
    /// Bytes that one task moves: enough to be worth waking a thread.
    static let chunk = 256 * 1024

    /// - Parameters: source and destination [byteCount], which do not overlap
    @inline(__always)
    static func copy(_ source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, byteCount: Int) {
        // A call of memcpy costs more than one small cell does.
        switch byteCount {
        case 4: destination.storeBytes(of: source.loadUnaligned(as: UInt32.self), as: UInt32.self)
        case 8: destination.storeBytes(of: source.loadUnaligned(as: UInt64.self), as: UInt64.self)
        case 1: destination.storeBytes(of: source.load(as: UInt8.self), as: UInt8.self)
        default: memcpy(destination, source, byteCount)
        }
    }

    static func copy(
        _ source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, byteCount: Int,
        _ context: borrowing KernelContext
    ) {
        let tasks = (byteCount + chunk - 1) / chunk
        context.parallel(tasks) { task, _ in
            let start = task * chunk
            memcpy(destination + start, source + start, min(chunk, byteCount - start))
        }
    }

    /// Copies `rows` runs of `rowBytes` bytes that lie `sourceStride` and `destinationStride` bytes apart.
    static func copyRows(
        _ source: UnsafeRawPointer, sourceStride: Int, to destination: UnsafeMutableRawPointer, destinationStride: Int,
        rows: Int, rowBytes: Int, _ context: borrowing KernelContext
    ) {
        guard rowBytes > 0, rows > 0 else { return }
        let piecesPerRow = (rowBytes + chunk - 1) / chunk
        let rowsPerTask = max(1, chunk / rowBytes)
        let groups = (rows + rowsPerTask - 1) / rowsPerTask
        context.parallel(groups * piecesPerRow) { task, _ in
            let start = (task % piecesPerRow) * chunk
            let count = min(chunk, rowBytes - start)
            let first = task / piecesPerRow * rowsPerTask
            for row in first..<min(first + rowsPerTask, rows) {
                copy(
                    source + row * sourceStride + start, to: destination + row * destinationStride + start,
                    byteCount: count)
            }
        }
    }

    /// Writes the `cellBytes` bytes at `cell` `count` times.
    static func fill(_ destination: UnsafeMutableRawPointer, cell: UnsafeRawPointer, cellBytes: Int, count: Int) {
        switch cellBytes {
        case 1: memset(destination, Int32(cell.load(as: UInt8.self)), count)
        case 2:
            destination.assumingMemoryBound(to: UInt16.self).update(
                repeating: cell.loadUnaligned(as: UInt16.self), count: count)
        case 4:
            destination.assumingMemoryBound(to: UInt32.self).update(
                repeating: cell.loadUnaligned(as: UInt32.self), count: count)
        case 8:
            destination.assumingMemoryBound(to: UInt64.self).update(
                repeating: cell.loadUnaligned(as: UInt64.self), count: count)
        default: for index in 0..<count { memcpy(destination + index * cellBytes, cell, cellBytes) }
        }
    }
}
