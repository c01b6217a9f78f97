internal import FoundationEssentials

extension Tokenizer {
    /// Reads a tokenizer.
    ///
    /// - Parameter path: `tokenizer.json`; or a `vocab.txt`, which `tokenizer_config.json` in the same folder
    ///   completes; or a folder with one of them.
    /// - Throws: naming the file, and what in it is not known here.
    public static func load(path: String) throws(ModelError) -> Tokenizer {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ModelError(path: path, reason: "no such file, or it may not be read; check the path")
        }
        if isFolder {
            for name in ["tokenizer.json", "vocab.txt"]
            where FileManager.default.fileExists(atPath: "\(path)/\(name)") { return try load(path: "\(path)/\(name)") }
            throw ModelError(path: path, reason: "there is neither tokenizer.json nor vocab.txt in this folder")
        }
        return try path.hasSuffix(".txt") ? VocabularyFile.tokenizer(path: path) : TokenizerFile.tokenizer(path: path)
    }
}
