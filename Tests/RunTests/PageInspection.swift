import Foundation
import TestSupport
import Testing

/// What a browser made of a page.
struct PageInspection: Decodable {
    struct Chart: Decodable {
        let name: String
        /// Of what is drawn, in units of the drawing.
        let width: Double
        let height: Double
        /// On the screen, in pixels.
        let shown: Double
        /// Texts that lie on one another, or outside the drawing.
        let overlaps: [String]
        let outside: [String]
        /// The least contrast of texts with the page, for texts outside of coloured surfaces.
        let contrast: Double
    }

    let charts: [Chart]
    let background: String
    /// Pixels by which the page is wider than a narrow screen.
    let overflow: Double
    let tables: Int
    let headers: Int

    /// Lines that the page logged.
    private(set) var logged: [String] = []

    private enum CodingKeys: String, CodingKey { case charts, background, overflow, tables, headers }

    /// Opens a copy of a page that looks at itself.
    init(_ page: String, in folder: ScratchFolder, isDark: Bool = false) throws {
        let html = try String(contentsOfFile: page, encoding: .utf8)
        let copy = try folder.write(
            html.replacing("</body>", with: "<script>\(PageInspection.script)</script></body>"), to: "inspected.html")
        let run = try Browser.open(copy, isDark: isDark)
        try #require(run.succeeded, "\(run.stderr)")
        let parts = run.stdout.components(separatedBy: "FINDINGS[")
        try #require(parts.count == 2, "the script did not run: \(run.stderr)")
        let json = parts[1].components(separatedBy: "]FINDINGS")[0]
        self = try JSONDecoder().decode(PageInspection.self, from: try #require(Data(base64Encoded: json)))
        logged = run.stderr.split(separator: "\n").filter { $0.contains("CONSOLE") }.map(String.init)
    }

    private static let script = #"""
        const luminance = colour => {
          const part = value => value <= 0.03928 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
          const [r, g, b] = colour.match(/[\d.]+/g).map(value => part(value / 255));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const contrast = (a, b) => {
          const [x, y] = [luminance(a), luminance(b)];
          return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
        };
        const background = getComputedStyle(document.body).backgroundColor;
        const charts = [...document.querySelectorAll('svg.chart')].map(svg => {
          const frame = svg.getBoundingClientRect();
          const texts = [...svg.querySelectorAll('text')].map(text => {
            const box = text.getBoundingClientRect();
            // Letters do not fill the height of their lines.
            return {text, name: text.textContent, left: box.left + 1, right: box.right - 1,
                    top: box.top + box.height * 0.2, bottom: box.bottom - box.height * 0.2};
          });
          const overlaps = [];
          for (let i = 0; i < texts.length; i++)
            for (let j = 0; j < i; j++) {
              const [a, b] = [texts[i], texts[j]];
              if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
                overlaps.push(a.name + ' on ' + b.name);
            }
          const outside = texts.filter(t => t.left < frame.left - 2 || t.right > frame.right + 2
            || t.top < frame.top - 2 || t.bottom > frame.bottom + 2).map(t => t.name);
          const beside = texts.filter(t => !/\bon-/.test(t.text.getAttribute('class')));
          const box = svg.getBBox();
          return {name: svg.querySelector('title').textContent, width: box.width, height: box.height,
                  shown: frame.width, overlaps: overlaps.slice(0, 5), outside: outside.slice(0, 5),
                  contrast: Math.min(99, ...beside.map(t => contrast(background, getComputedStyle(t.text).fill)))};
        });
        document.body.style.width = '360px';
        const findings = {charts, background, tables: document.querySelectorAll('table').length,
          headers: document.querySelectorAll('table th[scope=col]').length,
          overflow: Math.max(0, document.body.scrollWidth - 360)};
        const bytes = new TextEncoder().encode(JSON.stringify(findings));
        const shown = document.createElement('pre');
        shown.textContent = 'FINDINGS' + '[' + btoa(String.fromCharCode(...bytes)) + ']' + 'FINDINGS';
        document.body.append(shown);
        """#
}
