// The format, defined once: the strict decoder, jobs/job.schema.json and docs/job-specification.md all follow these
// tables. A new key is one line here and one property.

extension JobSpecification {
    static let form = Form.record(
        "Job", JobSpecification(), "A job: a model, its inputs, how it is cut across ranks, where the results go.",
        exactlyOne: [["model", "models"], ["input", "inputs"]],
        fields: [
            .required("version", \.version, .integer(version...version), "Version of this format."),
            .optional(
                "model", \.model, .path("the path of a model"),
                "The model: an ONNX file, or a folder with `config.json` and safetensors files as Hugging Face has them."
            ),
            .optional(
                "models", \.models, .list(of: ModelReference.form, count: 1...1000),
                "Several models that run one after the other as one: an input takes the output of its name of an earlier "
                    + "model; what no earlier model makes is an input of the job."),
            .optional(
                "dimensions", \.dimensions, .map(of: .integer(1...1 << 24), keyMeaning: "name of a symbolic dimension"),
                "Values for symbolic dimensions of the model's inputs, the batch excepted."),
            .optional("input", \.input, Input.form, "The input of a model that has one, or texts."),
            .optional(
                "inputs", \.inputs, .map(of: Input.form, keyMeaning: "name of an input of the model"),
                "The inputs of the model by name."),
            .optional("join", \.join, .choice(), "How the items of several inputs find each other."),
            .optional(
                "embeddings", \.embeddings, Embeddings.form, "What is made of the vectors that a model has for tokens."),
            .optional(
                "classes", \.classes, .path("the path of a text file"),
                "Names of the classes, one on each line; for labels given by name and for text outputs."),
            .optional("labels", \.labels, Labels.form, "The right answers; accuracy is then reported."),
            .optional("outputs", \.outputs, Outputs.form, "What is written; nothing when left out."),
            .optional("parallelism", \.parallelism, Parallelism.form, "How the model is cut."),
            .optional("schedule", \.schedule, Schedule.form, "How the items travel."),
            .optional(
                "threads", \.threads, .automatic(or: 1...4096, help: "the cores that the rank is bound to"),
                "Compute threads of each rank."),
            .optional("precision", \.precision, .choice(), "Numbers that the model is computed in."),
        ]
    ) { value, node, reader in
        if let inputs = node["inputs"], value.inputs.isEmpty {
            reader.descend(into: "inputs") { $0.report("no input is named", at: inputs.place) }
        }
    }
}

extension JobSpecification.ModelReference {
    static let form: Form<Self> = {
        let path = Form<String>.path("the path of a model file")
        let record = Form.record(
            "Model of a chain", Self(), "A model, and which of its inputs take tensors of other names.",
            fields: [
                .required("path", \.path, path, "The model, an ONNX file."),
                .optional(
                    "wire", \.wire,
                    .map(
                        of: .text("the name of an output of an earlier model, or of an input of the job"),
                        keyMeaning: "name of an input of this model"),
                    "Tensors for inputs that are called otherwise; where several earlier models have an output of the "
                        + "name it is the nearest one's, or the one of the file that stands before it, as in "
                        + "`encoder/features`."),
            ])
        return record.abbreviated(by: path) { JobSpecification.ModelReference(path: $0) }
    }()
}

extension JobSpecification.Input {
    static let form = Form.variants([
        (key: "images", form: JobSpecification.ImageInput.form.wrapped(Self.images)),
        (key: "array", form: JobSpecification.ArrayInput.form.wrapped(Self.array)),
        (key: "arrays", form: JobSpecification.ArrayFilesInput.form.wrapped(Self.arrays)),
        (key: "constant", form: JobSpecification.ConstantInput.form.wrapped(Self.constant)),
        (key: "carried", form: JobSpecification.CarriedInput.form.wrapped(Self.carried)),
        (key: "text", form: JobSpecification.TextInput.form.wrapped(Self.text)),
    ])
}

extension JobSpecification.FileEntry {
    /// - Parameter meaning: of a path that is written here itself.
    static func form(_ meaning: String) -> Form<Self> {
        let record = Form.record(
            "List of files", Self(isList: true), "A file that names files.",
            fields: [
                .required(
                    "list", \.path, .path("the path of a list"),
                    "A text file with a path on each line, or a .csv or .jsonl file with path, and with priority and deadline "
                        + "where some items are more urgent. Paths are counted from the list's own folder.")
            ])
        return record.abbreviated(by: Form<String>.path(meaning)) { JobSpecification.FileEntry(path: $0) }
    }
}

extension JobSpecification.ArrayFilesInput {
    static let form = Form.record(
        "Array files input", Self(),
        "Items from NumPy files, one item in each. Their shapes may differ where the model leaves its dimensions open; "
            + "items of equal shapes travel together where the model has an axis that counts items.",
        fields: [
            .required(
                "arrays", \.arrays,
                .oneOrMore(of: JobSpecification.FileEntry.form("a .npy or .npz file, folder or glob")),
                "Files, in the order given; what a folder or a glob gives is sorted by name, byte by byte."),
            .optional(
                "key", \.key, .text("the name of an array"), "Which array of each .npz file, where they hold several."),
            .optional(
                "items", \.items, .choice(),
                "What an item is; when left out, what the model and the number of axes say."),
        ])
}

extension JobSpecification.ConstantInput {
    static let form = Form.record(
        "Constant input", Self(),
        "The same numbers for all items, for an input that has no axis for them, such as a sampling rate.",
        fields: [
            .required(
                "constant", \.constant, .oneOrMore(of: .number()), "One for each element, or one for all of them.")
        ])
}

extension JobSpecification.CarriedInput {
    static let form = Form.record(
        "Carried input", Self(),
        "State that the model hands on from item to item: what an output was for the item before, and zeros for the first. "
            + "Items are then computed one after another, in microbatches of 1.",
        fields: [
            .required("carried", \.carried, .text("the name of an output"), "The output that is the next item's input.")
        ])
}

extension JobSpecification.ArrayInput {
    static let form = Form.record(
        "Array input", Self(),
        "Items from a NumPy file of the model's dtype. Its first axis counts them; where an item is the `whole` input, an "
            + "array with as many axes as the input is one item, and of a .npz file each array.",
        fields: [
            .required("array", \.array, .path("the path of a .npy or .npz file"), "The file."),
            .optional("key", \.key, .text("the name of an array"), "Which array of a .npz file that holds several."),
            .optional(
                "items", \.items, .choice(),
                "What an item is; when left out, what the model and the number of axes say."),
        ])
}

extension JobSpecification.ImageInput {
    static let form = Form.record(
        "Image input", Self(),
        "Items from PNG and JPEG files. Each is decoded to 8 bits per channel (alpha is dropped, 16 bits are rounded), "
            + "made gray if asked, resized, cropped and scaled. For a model with a uint8 input the pixels are handed over "
            + "as they are.",
        fields: [
            .required(
                "images", \.images, .oneOrMore(of: JobSpecification.FileEntry.form("a file, folder or glob")),
                "Files, in the order given; what a folder or a glob gives is sorted by name, byte by byte."),
            .optional("resize", \.resize, JobSpecification.Resize.form, "Size that images are brought to."),
            .optional("crop", \.crop, JobSpecification.Size.form, "Piece cut out of the middle after resizing."),
            .optional("channels", \.channels, .choice(), "Channels, and their order."),
            .optional("layout", \.layout, .choice(), "Order of the axes."),
            .optional(
                "scale", \.scale, .number(), "In value = (pixel * scale - mean) / deviation, pixel from 0 to 255."),
            .optional(
                "mean", \.mean, .oneOrMore(of: .number(), count: 1...3), "One for all channels, or one for each."),
            .optional(
                "deviation", \.deviation, .oneOrMore(of: .number(isPositive: true), count: 1...3),
                "One for all channels, or one for each."),
            .optional("on-error", \.onError, .choice(), "What happens where an image cannot be decoded."),
            .optional(
                "items", \.items, .choice(),
                "What an item is; when left out, what the model and the number of axes say."),
        ]
    ) { value, node, reader in
        for (key, list) in [("mean", value.mean), ("deviation", value.deviation)]
        where list.count != 1 && list.count != value.channels.count {
            reader.descend(into: key) {
                $0.report(
                    "expected 1 or \(value.channels.count) numbers for channels: \(value.channels.rawValue), "
                        + "found \(list.count)", at: node[key]?.place ?? node.place)
            }
        }
        if let crop = value.crop, let resize = value.resize, crop.width > resize.width || crop.height > resize.height {
            reader.descend(into: "crop") {
                $0.report(
                    "\(crop.width) x \(crop.height) is more than resize leaves (\(resize.width) x \(resize.height))",
                    at: node["crop"]?.place ?? node.place)
            }
        }
    }
}

extension JobSpecification.Size {
    static let form = Form.record(
        "Size", Self(), "In pixels.",
        fields: [
            .required("width", \.width, .integer(1...65535), "Columns."),
            .required("height", \.height, .integer(1...65535), "Rows."),
        ])
}

extension JobSpecification.Resize {
    static let form = Form.record(
        "Resize", Self(), "The size that images are brought to, and how.",
        fields: [
            .required("width", \.width, .integer(1...65535), "Columns."),
            .required("height", \.height, .integer(1...65535), "Rows."),
            .optional("fit", \.fit, .choice(), "What happens to another aspect ratio."),
            .optional("interpolation", \.interpolation, .choice(), "How pixels between pixels are found."),
            .optional("fill", \.fill, .integer(0...255), "Pixel value around the image, for fit: contain."),
        ]
    ) { value, node, reader in
        if let fill = node["fill"], value.fit != .contain {
            reader.descend(into: "fill") {
                $0.report("has no meaning without fit: contain", at: fill.place)
            }
        }
    }
}

extension JobSpecification.Labels {
    static let form = Form.record(
        "Labels", Self(),
        "A CSV file with a header. For images a row is found by the file's name, for arrays row i belongs to item i. "
            + "A label is the index of a class, or its name where `classes` are given.",
        fields: [
            .required("file", \.file, .path("the path of a CSV file"), "The file."),
            .optional(
                "file-column", \.fileColumn, .text("the name of a column"), "Column with the images' file names."),
            .optional("column", \.column, .text("the name of a column"), "Column with the labels."),
            .optional(
                "output", \.output, .text("the name of an output"), "The output to compare, where there are several."),
        ])
}

extension JobSpecification.Outputs {
    static let form = Form.record(
        "Outputs", Self(), "Each output of the model goes to a file of its name, items in the order of the inputs.",
        fields: [
            .required("folder", \.folder, .path("the path of a folder"), "Where the files go; made when missing."),
            .optional("formats", \.formats, .list(of: .choice()), "Kinds of files."),
            .optional(
                "top", \.top, .integer(1...1_000_000),
                "In jsonl and csv only this many best classes of each item, instead of all values."),
            .optional(
                "named", \.named,
                .map(of: JobSpecification.NamedOutput.form, keyMeaning: "name of an output of the model"),
                "What is different for single outputs; formats: [] leaves one out."),
            .optional(
                "images", \.images, JobSpecification.ImageOutput.form, "Outputs that are written as pictures too."),
        ])
}

extension JobSpecification.ImageOutput {
    static let form = Form.record(
        "Image output", Self(),
        "A PNG file for each item, called as the item is: height x width, or with 1 or 3 channels first (or last).",
        fields: [
            .required(
                "folder", \.folder, .path("the path of a folder"), "Where the files go; made when missing."),
            .required(
                "from", \.from, .oneOrMore(of: .text("the name of an output"), count: 1...16),
                "The output; of several the pictures stand side by side. In a chain also outputs of earlier models and "
                    + "inputs of the job."),
            .optional(
                "scale", \.scale, .number(),
                "In pixel = value * scale + offset, rounded, 0 to 255; when left out 255, and 1 for integers."),
            .optional("offset", \.offset, .number(), "See scale."),
            .optional("layout", \.layout, .choice(), "Order of the axes."),
            .optional("magnify", \.magnify, .integer(1...64), "Pixels along each side of what one value becomes."),
            .optional("gap", \.gap, .integer(0...1000), "Gray pixels between pictures that stand side by side."),
        ])
}

extension JobSpecification.NamedOutput {
    static let form = Form.record(
        "Named output", Self(), "What is different for one output.",
        fields: [
            .optional("formats", \.formats, .list(of: .choice()), "Kinds of files."),
            .optional("top", \.top, .integer(1...1_000_000), "As in Outputs."),
        ])
}

extension JobSpecification.Parallelism {
    static let form = Form.record(
        "Parallelism", Self(), "How the model is cut across the ranks.",
        fields: [
            .optional(
                "pipeline", \.pipeline, .automatic(or: 1...1 << 20, help: "one stage for each rank of a replica"),
                "Number of pipeline stages."),
            .optional(
                "data", \.data, .automatic(or: 1...1 << 20, help: "as many as are predicted to be fastest"),
                "Replicas of the pipeline, each on ranks of its own; pipeline times data is the number of ranks."),
            .optional(
                "distribution", \.distribution, .choice(), "How microbatches are shared out over the replicas."),
            .optional(
                "chunks", \.chunks, .choice(),
                "For distribution: dynamic, how many microbatches a replica takes at once."),
            .optional(
                "chunk", \.chunk, .integer(1...1 << 30), "For chunks: fixed, microbatches of a chunk."),
            .optional("strategy", \.strategy, .choice(), "Where the pipeline is cut."),
            .optional(
                "cuts", \.cuts, .list(of: .text("the name of a node")),
                "For strategy: manual, the nodes that begin a stage (not the first stage's)."),
            .optional(
                "seed", \.seed, .integer(0...1 << 30),
                "For strategy: random and distribution: random, what is drawn from."),
            .optional(
                "cluster", \.cluster, .path("the path of a cluster file"),
                "What the ranks and the network are like, as `mpinfer calibrate` writes it; equal ranks on one node when "
                    + "left out."),
            .optional(
                "profile", \.profile, .path("the path of a profile"),
                "Times of the layers, as `mpinfer profile -o` writes them; when left out the cache is looked into."),
        ]
    ) { value, node, reader in
        if value.strategy == .manual, node["cuts"] == nil {
            reader.report("strategy: manual needs cuts", at: node["strategy"]?.place ?? node.place)
        }
        guard let cuts = node["cuts"] else { return }
        reader.descend(into: "cuts") { reader in
            if value.strategy != .manual {
                reader.report(
                    "only strategy: manual has cuts, found strategy: \(value.strategy.rawValue)", at: cuts.place)
            } else if case .exactly(let stages) = value.pipeline, value.cuts.count != stages - 1 {
                reader.report(
                    "pipeline: \(stages) needs \(stages - 1) cuts, found \(value.cuts.count)", at: cuts.place)
            }
            if Set(value.cuts).count != value.cuts.count { reader.report("a node stands here twice", at: cuts.place) }
        }
    }
}

extension JobSpecification.Schedule {
    static let form = Form.record(
        "Schedule", Self(), "In what portions the items travel.",
        fields: [
            .optional(
                "microbatch", \.microbatch, .automatic(or: 1...65536, help: "what is predicted to be fastest"),
                "Items per microbatch."),
            .optional(
                "padding", \.padding, .integer(1...65536),
                "Where items are padded to travel together (text), they get a multiple of this many places: few lengths "
                    + "are few programs."),
        ])
}
