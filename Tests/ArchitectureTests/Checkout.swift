import Foundation

/// The files of this package.
enum Checkout {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    struct File {
        /// From the package's root.
        let path: String
        let text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        var isGenerated: Bool { path.hasSuffix(".pb.swift") }
        /// The target that the file belongs to.
        var room: String { String(path.split(separator: "/")[1]) }
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Every file under a folder whose name ends in one of these, in order.
    static func files(under folder: String, endingIn extensions: [String]) throws -> [File] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path())
        return try paths.sorted().filter { path in extensions.contains { path.hasSuffix(".\($0)") } }.map {
            File(path: "\(folder)/\($0)", text: try text("\(folder)/\($0)"))
        }
    }

    static func sources() throws -> [File] { try files(under: "Sources", endingIn: ["swift"]) }

    /// The rows of the first table of a page whose first heading is `heading`, by their first cell.
    static func table(of page: String, heading: String) throws -> [(key: String, cells: [String])] {
        var rows: [(key: String, cells: [String])] = []
        var isInside = false
        for line in try text(page).split(separator: "\n", omittingEmptySubsequences: false) {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
            if cells.first == heading {
                isInside = true
            } else if cells.isEmpty {
                if isInside && !rows.isEmpty { break }
            } else if isInside, let name = names(cells[0]).first {
                rows.append((name, Array(cells.dropFirst())))
            }
        }
        return rows
    }

    /// What stands between backquotes.
    static func names(_ cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
    }
}
