extension JobSpecification {
    /// Reads and checks a specification. Files that it names are not looked at.
    ///
    /// - Parameters:
    ///   - path: of the YAML file. Relative paths in it, and in overrides, count from its folder.
    ///   - overrides: `path=value` each, as in `parallelism.pipeline=4`; applied in order before anything is checked.
    /// - Throws: `SpecificationError` with everything that is wrong.
    public static func load(path: String, overrides: [String] = []) throws(SpecificationError) -> JobSpecification {
        let text = try SpecificationText.read(path)
        return try parse(text, path: path, folder: SpecificationText.folder(of: path), overrides: overrides)
    }

    /// The same for text that is in memory already.
    ///
    /// - Parameters:
    ///   - path: what errors call the text.
    ///   - folder: where relative paths count from; empty for the working directory.
    public static func parse(
        _ text: String, path: String, folder: String = "", overrides: [String] = []
    ) throws(SpecificationError) -> JobSpecification {
        try SpecificationText.decode(
            text, as: form, version: version, path: path, folder: folder, overrides: overrides)
    }
}
