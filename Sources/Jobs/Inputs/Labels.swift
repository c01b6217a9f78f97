public import Tensors

/// The right class of each item.
public struct Labels: Sendable, Hashable, Codable {
    /// By item.
    public let classes: [Int]

    /// Reads a CSV file and finds the row of each item: by the file's name for images, by order for arrays.
    ///
    /// - Throws: naming the first few items that have no label, and the line of a label that is none.
    public init(
        _ specification: JobSpecification.Labels, items: ItemNames, classes names: ClassNames? = nil
    ) throws(FileError) {
        let csv = try CSV(path: specification.file)
        let reader = LabelReader(
            csv: csv, column: try csv.column(specification.column), names: names?.names ?? [])
        switch items {
        case .rows(let count):
            guard csv.rows.count == count else {
                throw FileError(
                    path: csv.path, offset: nil,
                    reason: "\(csv.rows.count) labels for the \(count) items of the array: write a row for each item, "
                        + "in order")
            }
            var classes: [Int] = []
            for row in csv.rows { classes.append(try reader.label(of: row)) }
            self.classes = classes
        case .files(let files):
            let fileColumn = try csv.column(specification.fileColumn)
            var rows: [String: CSV.Row] = [:]
            for row in csv.rows {
                if let other = rows.updateValue(row, forKey: row.fields[fileColumn]) {
                    throw FileError(
                        path: csv.path, offset: nil,
                        reason: "lines \(other.line) and \(row.line) both label \(row.fields[fileColumn])")
                }
            }
            classes = try Labels.match(files, rows, reader)
        }
    }

    private static func match(
        _ files: [String], _ rows: [String: CSV.Row], _ reader: LabelReader
    ) throws(FileError) -> [Int] {
        func lastComponent(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
        let lastComponents = Dictionary(grouping: files, by: lastComponent)
        var classes: [Int] = []
        var missing: [String] = []
        for file in files {
            let last = lastComponent(file)
            if let row = rows[file] {
                classes.append(try reader.label(of: row))
            } else if let row = rows[last] {
                // Not for one of two files of that name: the row may mean the other.
                guard lastComponents[last]!.count == 1 else {
                    throw FileError(
                        path: reader.csv.path, offset: nil,
                        reason: "line \(row.line): \(last) may be any of "
                            + "\(lastComponents[last]!.prefix(3).joined(separator: ", ")); write the folder too")
                }
                classes.append(try reader.label(of: row))
            } else {
                missing.append(file)
            }
        }
        guard missing.isEmpty else {
            throw FileError(
                path: reader.csv.path, offset: nil,
                reason: "no label for \(missing.count) of \(files.count) images: "
                    + missing.prefix(5).joined(separator: ", ") + (missing.count > 5 ? ", ..." : "")
                    + "; their names must stand in the column that labels.file-column names")
        }
        return classes
    }
}

/// Turns the text of a label into the index of a class.
private struct LabelReader {
    let csv: CSV
    let column: Int
    let indices: [String: [Int]]
    let names: [String]

    init(csv: CSV, column: Int, names: [String]) {
        self.csv = csv
        self.column = column
        self.names = names
        indices = Dictionary(grouping: names.indices) { names[$0] }
    }

    func label(of row: CSV.Row) throws(FileError) -> Int {
        let text = row.fields[column]
        func error(_ reason: String) -> FileError {
            FileError(path: csv.path, offset: nil, reason: "line \(row.line): \(reason)")
        }
        let named = indices[text] ?? []
        if named.count > 1 {
            throw error("classes \(named[0]) and \(named[1]) are both called '\(text)'; give the index")
        }
        guard let index = Int(text) else {
            if let only = named.first { return only }
            throw error(
                names.isEmpty
                    ? "the label '\(text)' is no index of a class; for names give a file of 'classes'"
                    : "no class is called '\(text)'\(NearestName.hint(text, among: names))")
        }
        if let only = named.first, only != index {
            throw error("the label \(text) may be the index \(index) or the class called '\(text)', which is \(only)")
        }
        guard index >= 0, names.isEmpty || index < names.count else {
            throw error("there is no class \(index)\(names.isEmpty ? "" : ", there are \(names.count)")")
        }
        return index
    }
}
