internal import Files
public import Tensors

/// Where a report's pictures go: a page, a trace, a folder of drawings; each where it is asked for.
///
/// Made before the work, it finds out then what would be found out after it.
public struct PictureOutputs {
    private let report: DestinationFile?
    private let trace: DestinationFile?
    /// A path.
    private let pictures: String?

    /// - Parameters: paths.
    /// - Throws: where a file or the folder cannot be written.
    public init(report: String? = nil, trace: String? = nil, pictures: String? = nil) throws(FileError) {
        if let pictures { try OutputFolder.require(pictures) }
        self.pictures = pictures
        self.report = if let report { try DestinationFile(report) } else { nil }
        self.trace = if let trace { try DestinationFile(trace) } else { nil }
    }

    public func write(_ job: JobReport) throws {
        try write(page: job.page, pictures: job.pictures) {
            TraceFile(measured: job.timeline, predicted: job.predicted, plan: job.plan, model: job.model)
        }
    }

    /// The trace is that of the best plan.
    public func write(_ comparison: ComparisonReport) throws {
        try write(page: comparison.page, pictures: comparison.pictures) {
            let best = comparison.entries.first
            return TraceFile(
                measured: best?.measuredTimeline, predicted: best?.predictedTimeline, plan: best?.plan,
                model: comparison.model)
        }
    }

    private func write(
        page: @autoclosure () -> String, pictures charts: @autoclosure () -> [Chart], trace file: () -> TraceFile
    ) throws {
        try report?.write(page())
        try trace?.write(file().json)
        guard let pictures else { return }
        let folder = try StagedFolder(pictures)
        for chart in charts() { try folder.write(chart.drawing.file, to: "\(chart.name).svg") }
        try Publication.publish([folder])
    }
}
