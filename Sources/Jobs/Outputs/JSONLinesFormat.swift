internal import Tensors

/// One JSON object per item: `{"item": 0, "name": "a.png", "label": 3, "values": [...]}`, or `"top": [...]`; values that a
/// model has names for are an object.
struct JSONLinesFormat: RowFormat {
    let context: RowContext
    let header = ""

    func row(item: Int, _ tensor: Tensor) -> String {
        var members = ["\"item\": \(item)"]
        if let name = context.itemNames[item] { members.append("\"name\": \(JSONValue.quoted(name))") }
        if let labels = context.labels { members.append("\"label\": \(labels[item])") }
        let texts = NumberText.json.texts(of: tensor)
        if let top = context.top {
            let best = ClassRanking.best(top, of: tensor).map { index in
                let name = context.classNames.map { "\"name\": \(JSONValue.quoted($0[index])), " } ?? ""
                return "{\"class\": \(index), \(name)\"value\": \(texts[index])}"
            }
            members.append("\"top\": [\(best.joined(separator: ", "))]")
        } else if let names = context.columnNames {
            let values = zip(names, texts).map { "\(JSONValue.quoted($0)): \($1)" }
            members.append("\"values\": {\(values.joined(separator: ", "))}")
        } else {
            members.append("\"values\": \(nested(texts[...], tensor.shape.dimensions[...]))")
        }
        return "{\(members.joined(separator: ", "))}\n"
    }

    private func nested(_ texts: ArraySlice<String>, _ dimensions: ArraySlice<Int>) -> String {
        guard let extent = dimensions.first else { return texts.first ?? "null" }
        let rest = dimensions.dropFirst()
        if rest.isEmpty { return "[\(texts.joined(separator: ", "))]" }
        let size = rest.reduce(1, *)
        let parts = (0..<extent).map { index in
            let start = texts.startIndex + index * size
            return nested(texts[start..<start + size], rest)
        }
        return "[\(parts.joined(separator: ", "))]"
    }
}
