#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Where a report's pictures go: a page, a trace, a folder of drawings; each where it is asked for.
public struct PictureOutputs: Sendable {
    /// Paths.
    public var report: String?
    public var trace: String?
    public var pictures: String?

    public init(report: String? = nil, trace: String? = nil, pictures: String? = nil) {
        self.report = report
        self.trace = trace
        self.pictures = pictures
    }

    /// Finds out before a long run what would be found out after it.
    ///
    /// - Throws: where a file's folder is not there or cannot be written to.
    public func requireFolders() throws {
        for path in [report, trace].compactMap(\.self) {
            let slash = path.lastIndex(of: "/")
            let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
            guard access(folder, W_OK | X_OK) == 0 else {
                throw JobError("\(path): the file cannot be written: \(folder): \(String(cString: strerror(errno)))")
            }
        }
        if let pictures { _ = try OutputFolder(pictures) }
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
        if let report { try TextFileWriter.write(page(), to: report) }
        if let trace { try TextFileWriter.write(file().json, to: trace) }
        guard let pictures else { return }
        let folder = try OutputFolder(pictures)
        for chart in charts() { try TextFileWriter.write(chart.drawing.file, to: "\(folder.path)/\(chart.name).svg") }
    }
}
