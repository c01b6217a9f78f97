internal import Graphs
internal import ModelFormats

/// How a chain is put together, for `inspect`.
struct ChainInspection: Encodable {
    struct Model: Encodable {
        let path: String
        let producer: String
        let opset: Int?
    }

    struct Wire: Encodable {
        let output: String
        let from: String
        let input: String
        let to: String
    }

    let models: [Model]
    let wires: [Wire]
    /// What the user should know.
    let remarks: [String]

    init(_ chain: ModelChain, warnings: [String]) {
        let joined = chain.joined
        models = zip(joined.parts, chain.models).map {
            Model(path: $0.source, producer: $1.producer, opset: $1.opset)
        }
        wires = joined.wires.map {
            Wire(
                output: $0.output, from: joined.parts[$0.from].source, input: $0.input, to: joined.parts[$0.to].source)
        }
        remarks =
            warnings
            + joined.takenBeforeMade.map { name, part, maker in
                "input '\(name)' of \(joined.parts[part].source) has the name of an output of \(joined.parts[maker].source), "
                    + "which stands later"
            }
    }

    var lines: [String] {
        var table = TextTable([("tensor", .left), ("from", .left), ("to", .left), ("as", .left)])
        for wire in wires { table.add([wire.output, wire.from, wire.to, wire.input]) }
        var lines = models.enumerated().map { index, model in
            "\(index == 0 ? "models:     " : "            ")\(model.path) "
                + "(\(model.producer.isEmpty ? "unknown" : model.producer)\(model.opset.map { ", opset \($0)" } ?? ""))"
        }
        lines += remarks.map { "remark:     \($0)" }
        return lines + [""] + table.lines + [""]
    }
}
