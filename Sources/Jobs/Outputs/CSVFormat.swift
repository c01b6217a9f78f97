internal import Tensors

/// For items of one shape, one row per item: `item,name,label,value_0,value_1,...` or
/// `item,name,label,top1_class,top1_name,top1_value,...`; models may have names of their own for the values.
struct CSVFormat: RowFormat {
    let context: RowContext

    var header: String {
        var columns = ["item"]
        if context.hasNames { columns.append("name") }
        if context.labels != nil { columns.append("label") }
        if let top = context.top {
            for rank in 1...top {
                columns.append("top\(rank)_class")
                if context.classNames != nil { columns.append("top\(rank)_name") }
                columns.append("top\(rank)_value")
            }
        } else {
            columns += context.columnNames ?? valueColumns(context.itemShape!.dimensions[...], "value")
        }
        return line(columns)
    }

    func row(item: Int, _ tensor: Tensor) -> String {
        var fields = ["\(item)"]
        if let name = context.itemNames[item] { fields.append(name) }
        if let labels = context.labels { fields.append("\(labels[item])") }
        let texts = NumberText.csv.texts(of: tensor)
        if let top = context.top {
            for index in ClassRanking.best(top, of: tensor) {
                fields.append("\(index)")
                if let names = context.classNames { fields.append(names[index]) }
                fields.append(texts[index])
            }
        } else {
            fields += texts
        }
        return line(fields)
    }

    private func valueColumns(_ dimensions: ArraySlice<Int>, _ prefix: String) -> [String] {
        guard let extent = dimensions.first else { return [prefix] }
        return (0..<extent).flatMap { valueColumns(dimensions.dropFirst(), "\(prefix)_\($0)") }
    }

    /// By RFC 4180, but with LF.
    private func line(_ fields: [String]) -> String {
        fields.map { field in
            field.utf8.contains { ",\"\r\n".utf8.contains($0) } ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
        }.joined(separator: ",") + "\n"
    }
}
