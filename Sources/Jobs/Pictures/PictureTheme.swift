/// The colours of pictures and pages, as rules of a style sheet.
///
/// Hues are those that the colour-blind tell apart (after Okabe and Ito, 2008), and what lies side by side differs in
/// lightness too, so that prints in grey can be read.
struct PictureTheme: Sendable {
    /// A surface, and text on it.
    struct Surface: Sendable {
        let fill: String
        let text: String
    }

    let ground: String
    let panel: String
    let ink: String
    let muted: String
    let grid: String
    let axis: String
    let measured: String
    let predicted: String
    let kinds: [TimeKind: Surface]
    /// Lines across hatched kinds.
    let hatches: [TimeKind: String]
    /// Compute of every other microbatch.
    let computeOdd: Surface
    /// Stages take these in turn, dark and light alternately.
    let stages: [Surface]

    /// How many colours stages have before they begin again.
    static let stageCount = 8

    static let light = PictureTheme(
        ground: "#ffffff", panel: "#f6f7f9", ink: "#1b1f24", muted: "#59626e", grid: "#e3e6ea", axis: "#8b95a1",
        measured: "#1f5a94", predicted: "#b5480f",
        kinds: [
            .compute: Surface(fill: "#1f5a94", text: "#ffffff"),
            .inputOutput: Surface(fill: "#5fb8a6", text: "#0d2621"),
            .communication: Surface(fill: "#d9622b", text: "#1b1f24"), .load: Surface(fill: "#e9c46a", text: "#332600"),
            .imbalance: Surface(fill: "#c4c9d0", text: "#1b1f24"), .bubble: Surface(fill: "#eff1f3", text: "#1b1f24"),
        ], hatches: [.communication: "#f6c3a8", .bubble: "#c3c9d0"],
        computeOdd: Surface(fill: "#3a75ae", text: "#ffffff"),
        stages: [
            Surface(fill: "#1f5a94", text: "#ffffff"), Surface(fill: "#a3cdec", text: "#10263a"),
            Surface(fill: "#0f6b57", text: "#ffffff"), Surface(fill: "#a9dcc4", text: "#0b2a20"),
            Surface(fill: "#a8430f", text: "#ffffff"), Surface(fill: "#f4bb92", text: "#3a1a05"),
            Surface(fill: "#63478f", text: "#ffffff"), Surface(fill: "#d3c0e8", text: "#241538"),
        ])

    static let dark = PictureTheme(
        ground: "#14171c", panel: "#1c2027", ink: "#e8ebef", muted: "#a4adb9", grid: "#2b313a", axis: "#68727f",
        measured: "#78b6f2", predicted: "#f39a66",
        kinds: [
            .compute: Surface(fill: "#78b6f2", text: "#0b1a28"),
            .inputOutput: Surface(fill: "#297c6f", text: "#f2fffc"),
            .communication: Surface(fill: "#d9622b", text: "#14171c"), .load: Surface(fill: "#e2bd5e", text: "#241b00"),
            .imbalance: Surface(fill: "#4a525d", text: "#f0f2f5"), .bubble: Surface(fill: "#20252d", text: "#e8ebef"),
        ], hatches: [.communication: "#7c3312", .bubble: "#4a525d"],
        computeOdd: Surface(fill: "#5090cf", text: "#0b1a28"),
        stages: [
            Surface(fill: "#5ea4e4", text: "#0b1a28"), Surface(fill: "#25527c", text: "#eaf4fd"),
            Surface(fill: "#43bd9f", text: "#06231b"), Surface(fill: "#1c5b4b", text: "#e6fbf4"),
            Surface(fill: "#ee8a4e", text: "#2a1004"), Surface(fill: "#7d4019", text: "#fdeee4"),
            Surface(fill: "#b49be2", text: "#1d1130"), Surface(fill: "#553f7b", text: "#f2ecfb"),
        ])

    static let fonts = "\"Helvetica Neue\", Helvetica, Arial, \"Liberation Sans\", \"DejaVu Sans\", sans-serif"

    /// For drawings: one rule a line, of classes only.
    var rules: String {
        var lines = [
            "text { font: \(Int(SVGDrawing.textSize))px \(PictureTheme.fonts); fill: \(ink); }",
            ".ink { fill: \(ink); }", ".muted { fill: \(muted); }", ".strong { fill: \(ink); font-weight: 600; }",
            ".small { fill: \(muted); font-size: \(Int(SVGDrawing.smallTextSize))px; }",
            ".tiny { font-size: \(Int(SVGDrawing.smallTextSize))px; }",
            ".number { font-variant-numeric: tabular-nums; }",
            ".row { fill: \(panel); }",
            ".grid { stroke: \(grid); stroke-width: 1; }", ".axis { stroke: \(axis); stroke-width: 1; }",
            ".cut { stroke: \(ink); stroke-width: 1.2; stroke-dasharray: 4 3; }",
            ".seam { stroke: \(ground); stroke-width: 1; }", ".surface { fill: \(ground); }",
            ".measured { fill: \(measured); }", ".measured-faint { fill: \(measured); fill-opacity: 0.45; }",
            ".measured-area { fill: \(measured); fill-opacity: 0.18; }",
            ".measured-line { stroke: \(measured); stroke-width: 1.8; fill: none; stroke-linejoin: round; }",
            ".measured-range { stroke: \(measured); stroke-width: 1.4; }",
            ".predicted { fill: \(ground); stroke: \(predicted); stroke-width: 1.8; }",
            ".predicted-line { stroke: \(predicted); stroke-width: 1.8; fill: none; stroke-dasharray: 6 3; }",
            ".ideal-line { stroke: \(axis); stroke-width: 1.4; fill: none; stroke-dasharray: 2 3; }",
            ".other { fill: \(axis); }", ".crossing { fill: \(axis); }",
            ".compute-odd { fill: \(computeOdd.fill); }", ".on-compute-odd { fill: \(computeOdd.text); }",
        ]
        for kind in TimeKind.allCases {
            lines.append(".\(kind.rawValue) { fill: \(kinds[kind]!.fill); }")
            lines.append(".\(kind.rawValue)-plain { fill: \(kinds[kind]!.fill); }")
            lines.append(".on-\(kind.rawValue) { fill: \(kinds[kind]!.text); }")
            if let hatch = hatches[kind] {
                lines.append(".\(kind.rawValue)-hatch { stroke: \(hatch); stroke-width: 1.1; fill: none; }")
            }
        }
        for (index, stage) in stages.enumerated() {
            lines.append(".stage\(index) { fill: \(stage.fill); }")
            lines.append(".on-stage\(index) { fill: \(stage.text); }")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
