/// A table of a page, with headers that screen readers can follow.
struct PageTable: Sendable {
    /// Rows beyond this would make a page that nobody can scroll.
    private static let rowLimit = 2000

    let caption: String
    let table: TextTable

    init(caption: String, _ table: TextTable) {
        self.caption = caption
        self.table = table
    }

    var html: String {
        func cell(_ text: String, _ column: Int, _ element: String, _ attributes: String = "") -> String {
            let side = table.alignments[column] == .right ? " class=\"right\"" : ""
            return "<\(element)\(side)\(attributes)>\(MarkupText.escaped(text))</\(element)>"
        }
        let header = table.header.indices.map { column in
            // A column without a title numbers the rows.
            cell(table.header[column].isEmpty ? "place" : table.header[column], column, "th", " scope=\"col\"")
        }
        let lines = table.rows.prefix(PageTable.rowLimit).map { row in
            let cells = row.enumerated().map { column, text in
                column == 0 ? cell(text, column, "th", " scope=\"row\"") : cell(text, column, "td")
            }
            return "<tr>\(cells.joined())</tr>\n"
        }
        let rest = table.rows.count - lines.count
        let name = MarkupText.escaped(
            rest > 0 ? "\(caption); the first \(lines.count) of \(table.rows.count)" : caption)
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="\(name)"><table>
            <caption>\(name)</caption>
            <thead><tr>\(header.joined())</tr></thead>
            <tbody>
            \(lines.joined())</tbody></table></div>

            """
    }
}
