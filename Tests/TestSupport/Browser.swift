internal import FoundationEssentials

/// Chromium without a window, to look at pages as readers do.
public enum Browser {
    private static let names = ["chromium", "chromium-browser", "google-chrome"]

    public static let path: String? = names.lazy.map { "/usr/bin/\($0)" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Tests that need it are skipped without it, and fail where nothing may be missing.
    public static var isThereOrRequired: Bool { path != nil || Material.isRequired }

    public static let absent = "install a browser first: apt-get install chromium (make test does)"

    public struct AbsentError: Error, CustomStringConvertible {
        public var description: String { Browser.absent }
    }

    /// Opens a page and waits for its scripts.
    ///
    /// - Parameters:
    ///   - size: of the window, in pixels.
    ///   - isDark: what the reader prefers.
    /// - Returns: the document as it is then, in `stdout`; what pages log is in `stderr`.
    public static func open(
        _ page: String, size: (width: Int, height: Int) = (1100, 1400), isDark: Bool = false
    ) throws -> ProcessRun {
        try run(
            ["--window-size=\(size.width),\(size.height)", "--dump-dom", url(page)]
                + (isDark ? ["--blink-settings=preferredColorScheme=0"] : []))
    }

    /// Prints a page to a PDF file.
    public static func print(_ page: String, to path: String) throws -> ProcessRun {
        try run(["--no-pdf-header-footer", "--print-to-pdf=\(path)", url(page)])
    }

    private static func url(_ path: String) -> String { URL(filePath: path).absoluteString }

    private static func run(_ arguments: [String]) throws -> ProcessRun {
        guard let path else { throw AbsentError() }
        // Without a folder of its own it would use that of a browser that runs already.
        let profile = try ScratchFolder()
        return try ProcessRun.run(
            path,
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                "--enable-logging=stderr", "--v=0", "--virtual-time-budget=5000", "--user-data-dir=\(profile.path)",
            ] + arguments, timeout: 90)
    }
}
