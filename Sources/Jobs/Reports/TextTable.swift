/// Rows of text in aligned columns, for terminals and logs.
public struct TextTable: Sendable {
    public enum Alignment: Sendable { case left, right }

    let header: [String]
    let alignments: [Alignment]
    private(set) var rows: [[String]] = []

    public init(_ columns: [(title: String, alignment: Alignment)]) {
        header = columns.map(\.title)
        alignments = columns.map(\.alignment)
    }

    /// - Precondition: one cell for each column.
    public mutating func add(_ cells: [String]) {
        precondition(cells.count == header.count)
        rows.append(cells)
    }

    /// Header, rule, rows; a line each.
    public var lines: [String] {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            var text = ""
            for (column, cell) in cells.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                text += (column == 0 ? "" : "  ") + (alignments[column] == .left ? cell + padding : padding + cell)
            }
            // By bytes: by characters it takes most of the time of a table of 100,000 rows.
            let bytes = text.utf8
            let end = bytes.lastIndex { $0 != UInt8(ascii: " ") }.map { bytes.index(after: $0) } ?? bytes.startIndex
            return String(text[..<end])
        }
        let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
        return [line(header), rule] + rows.map(line)
    }

    public var text: String { lines.joined(separator: "\n") }
}
