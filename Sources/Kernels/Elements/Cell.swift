/// An element seen as this many bytes, for operators that only move it.
protocol CellVisitor {
    associatedtype Result
    func visit<Cell: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Cell.Type) -> Result
}

/// - Parameter byteCount: 1, 2, 4 or 8.
@inline(__always)
func withCell<Visitor: CellVisitor>(byteCount: Int, _ visitor: Visitor) -> Visitor.Result {
    switch byteCount {
    case 1: visitor.visit(UInt8.self)
    case 2: visitor.visit(UInt16.self)
    case 4: visitor.visit(UInt32.self)
    case 8: visitor.visit(UInt64.self)
    default: preconditionFailure("no element has \(byteCount) bytes")
    }
}
