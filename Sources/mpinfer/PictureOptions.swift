internal import ArgumentParser
internal import Jobs

/// Where a report's pictures go: the same for all commands that measure.
struct PictureOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Write the report as one HTML page, with its pictures.", valueName: "file"))
    var report: String?

    @Option(
        help: ArgumentHelp(
            "Write what the ranks did when, as a trace for Perfetto (ui.perfetto.dev) and Chrome.", valueName: "file"))
    var trace: String?

    @Option(help: ArgumentHelp("Write the pictures as SVG files, for papers.", valueName: "folder"))
    var pictures: String?

    /// - Throws: where one of them cannot be written.
    func outputs() throws -> PictureOutputs {
        try PictureOutputs(report: report, trace: trace, pictures: pictures)
    }
}
