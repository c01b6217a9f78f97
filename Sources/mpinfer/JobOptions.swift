internal import ArgumentParser
internal import Jobs

/// Which job, and what is different this time: the same for all commands that take one.
struct JobOptions: ParsableArguments {
    @Argument(help: "The job specification, a YAML file.")
    var job = "jobs/quickstart.yaml"

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Override a setting of the job, as in --set parallelism.pipeline=4; may be given several times.",
            valueName: "key=value"))
    var overrides: [String] = []

    func load() throws -> JobSpecification { try JobSpecification.load(path: job, overrides: overrides) }
}
