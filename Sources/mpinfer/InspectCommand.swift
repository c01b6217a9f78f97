internal import ArgumentParser
internal import Jobs

/// Shows what is in a model.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "List a model's layers, shapes, parameters and FLOPs, and what is not supported; no MPI needed.",
        discussion: """
            Symbolic dimensions count as 1 unless --dimension says otherwise.

            EXAMPLES
              mpinfer inspect model.onnx
              mpinfer inspect model.onnx --dimension batch=8 --dimension height=640 --dimension width=480
              mpinfer inspect model.onnx --json
              mpinfer inspect minilm/ --dimension batch=8 --dimension sequence=128
              mpinfer inspect encoder.onnx decoder.onnx    as one model, wired by name
              mpinfer inspect job.yaml                     the model or the models of a job, wired as it says
            """)

    @Argument(
        help: ArgumentHelp(
            "The model: an ONNX file, or a folder with config.json and safetensors files; several are a chain; or a job "
                + "specification.", valueName: "model"))
    var models: [String]

    @Option(
        name: [.customShort("d"), .customLong("dimension")],
        help: ArgumentHelp("A number for a symbolic dimension; may be given several times.", valueName: "name=number"))
    var dimensions: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        var symbols: [String: Int] = [:]
        for dimension in dimensions {
            guard let equals = dimension.lastIndex(of: "="),
                let extent = Int(dimension[dimension.index(after: equals)...]), extent > 0
            else { throw ValidationError("--dimension takes name=number, not '\(dimension)'") }
            symbols[String(dimension[..<equals])] = extent
        }
        let inspection = try ModelInspection(load(), symbols: symbols)
        try StandardStreams.output(json ? JSONLayout.text(inspection) : inspection.text)
    }

    private func load() throws -> PreparedModel {
        guard models.count == 1 else {
            return try PreparedModel.load(chain: models.map { JobSpecification.ModelReference(path: $0) })
        }
        let isJob = [".yaml", ".yml"].contains { models[0].hasSuffix($0) }
        return try isJob
            ? PreparedModel.load(JobSpecification.load(path: models[0])) : PreparedModel.load(path: models[0])
    }
}
