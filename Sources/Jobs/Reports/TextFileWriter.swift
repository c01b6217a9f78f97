internal import FoundationEssentials

/// Writes reports so that a reader sees the old file or the new one, never a part.
public enum TextFileWriter {
    public static func write(_ text: String, to path: String) throws { try write(Data(text.utf8), to: path) }

    static func write(_ data: Data, to path: String) throws {
        do { try data.write(to: URL(filePath: path), options: .atomic) } catch {
            throw JobError("\(path): the file cannot be written: \(error)")
        }
    }
}
