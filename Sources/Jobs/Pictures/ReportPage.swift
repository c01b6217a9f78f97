/// A report as one HTML page that needs nothing else: no network, no script, no font.
struct ReportPage: Sendable {
    /// A figure that the page begins with.
    struct Figure: Sendable {
        let label: String
        let value: String
        let note: String

        init(_ label: String, _ value: String, note: String = "") {
            self.label = label
            self.value = value
            self.note = note
        }
    }

    struct Section: Sendable {
        var title: String
        var charts: [Chart] = []
        /// Opened by a click; not on paper.
        var tables: [PageTable] = []
        /// Open from the beginning.
        var openTables: [PageTable] = []

        var isEmpty: Bool { charts.isEmpty && tables.isEmpty && openTables.isEmpty }
    }

    let kind: String
    let title: String
    let subtitle: String
    let figures: [Figure]
    let sentences: [String]
    let sections: [Section]

    var html: String {
        let shown = sections.filter { !$0.isEmpty }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(MarkupText.escaped(title)) – \(MarkupText.escaped(kind))</title>
            <link rel="icon" href="data:,">
            <style>
            \(PageStyle.sheet)</style>
            </head>
            <body>
            <header>
            <p class="kind">\(MarkupText.escaped(kind))</p>
            <h1>\(MarkupText.escaped(title))</h1>
            <p class="subtitle">\(MarkupText.escaped(subtitle))</p>
            </header>
            <main>
            \(figureList)\(sentenceList)\(shown.map(html).joined())</main>
            <footer><p>Made by mpinfer. How to read the pictures: docs/reports.md.</p></footer>
            </body>
            </html>

            """
    }

    private var figureList: String {
        guard !figures.isEmpty else { return "" }
        let items = figures.map { figure in
            let note = figure.note.isEmpty ? "" : "<span class=\"note\">\(MarkupText.escaped(figure.note))</span>"
            return "<div><dt>\(MarkupText.escaped(figure.label))</dt>"
                + "<dd>\(MarkupText.escaped(figure.value))\(note)</dd></div>\n"
        }
        return "<dl class=\"figures\">\n\(items.joined())</dl>\n"
    }

    private var sentenceList: String {
        guard !sentences.isEmpty else { return "" }
        let items = sentences.map { "<li>\(MarkupText.escaped(ReportPage.sentence($0)))</li>\n" }
        return "<ul class=\"findings\">\n\(items.joined())</ul>\n"
    }

    private func html(of section: Section) -> String {
        let charts = section.charts.map { chart in
            """
            <figure>
            <div class="scroll" tabindex="0" role="region" aria-label="\(MarkupText.escaped(chart.drawing.title))">
            \(chart.drawing.inline)</div>
            \(chart.caption.isEmpty ? "" : "<figcaption>\(MarkupText.escaped(chart.caption))</figcaption>")
            </figure>

            """
        }
        let tables = section.tables.map { table in
            "<details><summary>Table: \(MarkupText.escaped(table.caption))</summary>\n\(table.html)</details>\n"
        }
        return """
            <section>
            <h2>\(MarkupText.escaped(section.title))</h2>
            \(charts.joined())\(section.openTables.map(\.html).joined())\(tables.joined())</section>

            """
    }

    /// With a capital letter and a full stop.
    private static func sentence(_ text: String) -> String {
        guard let first = text.first else { return text }
        return first.uppercased() + text.dropFirst() + (text.last?.isPunctuation == true && text.last != ")" ? "" : ".")
    }
}
