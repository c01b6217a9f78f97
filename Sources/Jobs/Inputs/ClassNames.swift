public import Tensors

/// What the classes of a model are called, in the order of its outputs.
public struct ClassNames: Sendable, Hashable, Codable {
    public let names: [String]

    /// - Parameter path: of a text file with a name on each line.
    public init(path: String) throws(FileError) {
        var lines = try TextFile.read(path).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        if lines.last?.isEmpty == true { lines.removeLast() }
        if let empty = lines.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
            throw FileError(
                path: path, offset: nil, reason: "line \(empty + 1) is empty, it should name class \(empty)")
        }
        guard !lines.isEmpty else { throw FileError(path: path, offset: 0, reason: "the file names no classes") }
        names = lines.map { line in
            String(line).trimmingSpaces
        }
    }

    init(names: [String]) { self.names = names }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }
}
