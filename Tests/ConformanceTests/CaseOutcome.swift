import Graphs
import ModelFormats
import Tensors

/// What a case of a suite came to.
enum CaseOutcome {
    case passes
    case fails(String)
    /// The suite's arrays could not be written for it.
    case absent(String)

    static func of(_ name: String, in suite: String = "node") -> CaseOutcome {
        do {
            let node = try NodeCase.load(name, of: suite)
            if let reason = node.skip { return .absent(reason) }
            let graph = try ONNXImporter.load(path: node.model).graph
            let inputs = try graph.inputs.map { input -> Tensor in
                let wanted = graph.name(of: input.value)
                guard let file = node.inputs?.first(where: { $0.name == wanted }) else {
                    throw Failure("no array for the input '\(wanted)'")
                }
                return try node.tensor(file)
            }
            let results = try Interpreter(graph: graph).run(inputs)
            let expected = node.outputs ?? []
            guard results.count == expected.count else {
                throw Failure("\(results.count) outputs, expected \(expected.count)")
            }
            for (result, file) in zip(results, expected) {
                do {
                    try Agreement.check(
                        result, try node.tensor(file), rtol: node.rtol ?? 1e-3, atol: node.atol ?? 1e-7)
                } catch {
                    throw Failure("output '\(file.name)': \(error)")
                }
            }
            return .passes
        } catch {
            return .fails("\(error)")
        }
    }
}
