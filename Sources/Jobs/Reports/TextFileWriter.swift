internal import FoundationEssentials

/// Writes reports so that a reader sees the old file or the new one, never a part.
public enum TextFileWriter {
    public static func write(_ text: String, to path: String) throws {
        do { try Data(text.utf8).write(to: URL(filePath: path), options: .atomic) } catch {
            throw JobError("\(path): the file cannot be written: \(error)")
        }
    }
}
