internal import Graphs
internal import Tensors

/// How the graph of one kind of model is built from its configuration and the names of its weights.
struct Architecture: Sendable {
    /// Builds the graph; the weights in it refer to where they lie.
    let build: @Sendable (ModelConfiguration, SafetensorsWeights) throws(ModelError) -> Graph

    /// By the `model_type` of config.json.
    static let table: [String: Architecture] = [
        "bert": Architecture(build: BERTArchitecture.bert),
        "distilbert": Architecture(build: DistilBERTArchitecture.distilBERT),
        "roberta": Architecture(build: BERTArchitecture.roBERTa),
        "xlm-roberta": Architecture(build: BERTArchitecture.roBERTa),
    ]
}

/// What follows an encoder.
enum EncoderHead {
    /// Nothing: the outputs are those of the encoder.
    case none
    /// Scores of classes from the first token.
    case sequenceClassification

    /// - Throws: for heads that would have to be left out silently.
    init(_ configuration: ModelConfiguration) throws(ModelError) {
        guard let name = configuration.architecture else {
            self = .none
            return
        }
        if name.hasSuffix("ForSequenceClassification") {
            self = .sequenceClassification
        } else if ["Model", "ForMaskedLM", "ForPreTraining"].contains(where: name.hasSuffix) {
            // A model that was trained to fill in words is used without its head, as an encoder of sentences.
            self = .none
        } else {
            throw configuration.error(
                "architectures",
                "names '\(name)', and only ...Model, ...ForMaskedLM, ...ForPreTraining (the encoder of "
                    + "it) and ...ForSequenceClassification are known")
        }
    }
}
