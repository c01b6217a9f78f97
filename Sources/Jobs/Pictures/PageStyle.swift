/// The style sheet of pages: a column of text that is easy to read, in light, in dark, on small screens, on paper.
enum PageStyle {
    static var sheet: String {
        """
        \(colours(.light))\(scoped(.light))@media screen and (prefers-color-scheme: dark) {
        \(colours(.dark))\(scoped(.dark))}
        \(layout)
        """
    }

    private static func colours(_ theme: PictureTheme) -> String {
        ":root { --ground: \(theme.ground); --panel: \(theme.panel); --ink: \(theme.ink); --muted: \(theme.muted); "
            + "--grid: \(theme.grid); --accent: \(theme.measured); }\n"
    }

    /// Holds for drawings only.
    private static func scoped(_ theme: PictureTheme) -> String {
        theme.rules.split(separator: "\n").map { "svg.chart \($0)\n" }.joined()
    }

    private static let layout = """
        *, *::before, *::after { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
        body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 60rem; background: var(--ground);
          color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", \(PictureTheme.fonts);
          overflow-wrap: anywhere; }
        header { border-bottom: 1px solid var(--grid); margin-bottom: 1.5rem; padding-bottom: 1.25rem; }
        .kind { margin: 0; color: var(--accent); font-size: .85rem; font-weight: 600; letter-spacing: .04em; }
        h1 { margin: .15rem 0 .4rem; font-size: 1.8rem; line-height: 1.2; letter-spacing: -.015em; text-wrap: balance; }
        h2 { margin: 3rem 0 .75rem; font-size: 1.2rem; line-height: 1.3; letter-spacing: -.005em; }
        .subtitle { margin: 0; color: var(--muted); }
        .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 0; }
        .figures div { background: var(--panel); border-radius: .5rem; padding: .7rem .9rem; }
        .figures dt { color: var(--muted); font-size: .82rem; }
        .figures dd { margin: 0; font-size: 1.3rem; font-weight: 600; line-height: 1.3;
          font-variant-numeric: tabular-nums; }
        .note { display: block; color: var(--muted); font-size: .82rem; font-weight: 400; line-height: 1.4; }
        .findings { margin: 1.5rem 0 0; padding: .9rem 1.1rem .9rem 2.1rem; border-left: 3px solid var(--accent);
          background: var(--panel); border-radius: 0 .5rem .5rem 0; }
        .findings li + li { margin-top: .4rem; }
        figure { margin: 0 0 1.25rem; }
        figure + figure { margin-top: 2.25rem; }
        figcaption { color: var(--muted); font-size: .88rem; line-height: 1.5; margin-top: .5rem; max-width: 46rem; }
        .scroll { overflow-x: auto; }
        .scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
        svg.chart { display: block; width: 100%; min-width: 40rem; height: auto; }
        details { margin-top: .5rem; }
        summary { cursor: pointer; color: var(--accent); font-size: .9rem; padding: .15rem 0; width: fit-content; }
        table { border-collapse: collapse; font-size: .85rem; line-height: 1.4; margin: .5rem 0 1rem; min-width: 100%;
          font-variant-numeric: tabular-nums; overflow-wrap: normal; }
        caption { caption-side: top; text-align: left; color: var(--muted); padding-bottom: .4rem; }
        details caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
        th, td { padding: .35rem .7rem .35rem 0; text-align: left; vertical-align: top; white-space: nowrap;
          border-bottom: 1px solid var(--grid); max-width: 18rem; overflow: hidden; }
        thead th, td:not(.right), tbody th:not(.right) { white-space: normal; overflow-wrap: break-word; }
        thead th { vertical-align: bottom; font-weight: 600; }
        td:not(.right) { min-width: 6rem; }
        tbody th { font-weight: 400; }
        th.right, td.right { text-align: right; }
        th:not(.right) + .right, td:not(.right) + .right { padding-left: .7rem; }
        footer { margin-top: 4rem; border-top: 1px solid var(--grid); color: var(--muted); font-size: .82rem; }
        @media (max-width: 40rem) {
          body { padding: 1.5rem 1rem 3rem; }
          h1 { font-size: 1.45rem; }
        }
        @media print {
          @page { margin: 16mm 14mm; }
          body { max-width: none; padding: 0; font-size: 10pt; }
          svg.chart { min-width: 0; max-height: 230mm; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          figure, .figures, .findings, tr { break-inside: avoid; }
          h2 { break-after: avoid; break-inside: avoid; margin-top: 1.6rem; }
          .scroll { overflow: visible; }
          details { display: none; }
          table { font-size: 7pt; }
          th, td { padding: .2rem .3rem .2rem 0; white-space: normal; overflow-wrap: break-word; }
          td:not(.right) { min-width: 0; }
          footer { margin-top: 1.5rem; }
        }

        """
}
