internal import Graphs
internal import ModelFormats
internal import Tensors

/// What is made of the tokens' vectors that a model puts out.
enum EmbeddingSettings {
    /// The graph with a vector for each text as its output, where the job or the model's folder asks for that.
    ///
    /// A folder is asked only where texts come in, or where the job speaks of embeddings: a model is otherwise taken as it is.
    static func apply(_ specification: JobSpecification, to graph: Graph) throws -> Graph {
        let settings = specification.embeddings
        let model = specification.firstModel
        guard settings != nil || specification.input?.isText == true else { return graph }
        guard settings?.pooling != JobSpecification.Pooling.none else { return graph }
        let standard = InputFiles.isFolder(model) == true ? try TextModelFolder(model).embedding : nil
        let pooling: Embedding.Pooling? =
            switch settings?.pooling {
            case .mean?: .mean
            case .cls?: .cls
            case .some(.none), nil: standard?.pooling
            }
        guard let pooling else {
            guard settings != nil else { return graph }
            throw JobError("embeddings: the model's folder does not say how tokens are pooled; say it with pooling")
        }
        let embedding = Embedding(pooling: pooling, normalizes: settings?.normalize ?? standard?.normalizes ?? false)
        do throws(Embedding.Misfit) {
            let mask = TextSource.Role.mask.names.first { name in
                graph.inputs.contains { graph.name(of: $0.value) == name }
            }
            return try embedding.applied(to: graph, output: settings?.output, mask: mask)
        } catch {
            throw JobError("embeddings: \(error.description)")
        }
    }
}

extension JobSpecification.Embeddings {
    /// Checks what is made of the model's output against what it should be: one vector for each item. It is, where the
    /// output had a vector for each token.
    func requireVectors(_ outputs: [ModelOutput]) throws(JobError) {
        guard pooling != JobSpecification.Pooling.none,
            let made = outputs.first(where: { $0.name == Embedding.outputName }), let shape = made.itemType?.shape,
            shape.rank != 1
        else { return }
        throw JobError(
            "embeddings: \(output.map { "output '\($0)'" } ?? "the model's output") has no vector for each token: what is "
                + "made of it for an item is \(shape.rank == 0 ? "one number" : "\(shape)"), and not one vector; name another "
                + "with embeddings.output, or leave 'embeddings' out")
    }
}

extension JobSpecification.Input {
    var isText: Bool { if case .text = self { true } else { false } }
}
