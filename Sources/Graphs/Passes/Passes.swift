/// The rewrites that every imported graph goes through before it is planned.
public enum Passes {
    /// What a pass did: how many nodes it took away or replaced.
    public struct Report: Hashable, Codable, Sendable {
        public let name: String
        public let count: Int

        public init(name: String, count: Int) {
            self.name = name
            self.count = count
        }
    }

    /// Inlines branches whose condition is known, drops identities, folds constants, recognises what exporters spell
    /// out in many nodes (soft maxima, layer norms, activations, attention), folds what follows products per channel
    /// into their weights, and removes what no output needs, in the bodies of control flow too. The graph is validated
    /// after each.
    ///
    /// - Parameter evaluate: computes small constants; without it none are folded.
    /// - Throws: `GraphError`, where the graph, or what a pass made of it, does not hold together.
    public static func standard(
        _ graph: Graph, evaluate: ConstantEvaluator? = nil
    ) throws(GraphError) -> (graph: Graph, reports: [Report]) {
        try standard(graph, evaluate: evaluate, isBody: false)
    }

    private static func standard(
        _ graph: Graph, evaluate: ConstantEvaluator?, isBody: Bool
    ) throws(GraphError) -> (graph: Graph, reports: [Report]) {
        try GraphValidator.check(graph)
        let folding: (Graph) -> (graph: Graph, count: Int) = { graph in
            evaluate.map { ConstantFolding.apply(graph, evaluate: $0) } ?? (graph, 0)
        }
        let passes: [(name: String, apply: (Graph) -> (graph: Graph, count: Int))] = [
            ("inline branches", BranchInlining.apply),
            ("drop identities", IdentityRemoval.apply),
            ("fold constants", folding),
            ("lower sequences", SequenceLowering.apply),
            ("drop identities", IdentityRemoval.apply),
            ("recognise soft maxima", SoftmaxRecognition.apply),
            ("recognise layer norms", LayerNormalizationRecognition.apply),
            ("recognise GELU", GeluRecognition.apply),
            ("recognise activations", ActivationRecognition.apply),
            ("remove dead nodes", DeadCodeRemoval.apply),
            ("recognise attention", AttentionRecognition.apply),
            ("remove dead nodes", DeadCodeRemoval.apply),
            ("take transposes into attention", AttentionLayouts.apply),
            ("fold batch normalisation", BatchNormalizationFolding.apply),
            ("fold constants", folding),
            // Conditions that have become constants.
            ("inline branches", BranchInlining.apply),
            ("drop identities", IdentityRemoval.apply),
            ("fold constants", folding),
            ("remove dead nodes", DeadCodeRemoval.apply),
        ]
        var counts: [String: Int] = [:]
        func rewriteBodies(_ graph: Graph, onlyChanged: Bool) throws(GraphError) -> Graph {
            try BodyRewriting.apply(graph, onlyChanged: onlyChanged) { body throws(GraphError) in
                let (rewritten, reports) = try standard(body, evaluate: evaluate, isBody: true)
                for report in reports { counts[report.name, default: 0] += report.count }
                return rewritten
            }
        }
        var result = try rewriteBodies(graph, onlyChanged: false)
        for pass in passes {
            let (rewritten, count) = pass.apply(result)
            do throws(GraphError) {
                try GraphValidator.check(rewritten)
            } catch {
                throw GraphError("the pass '\(pass.name)' broke the graph: \(error.description)")
            }
            result = rewritten
            counts[pass.name, default: 0] += count
        }
        if !isBody {
            let (enclosed, count) = SequenceEnclosure.apply(result)
            result = enclosed
            counts["enclose sequences"] = count
        }
        // What has become constant meanwhile moves in.
        result = try rewriteBodies(result, onlyChanged: true)
        try GraphValidator.check(result)
        var names: [String] = []
        for pass in passes where !names.contains(pass.name) { names.append(pass.name) }
        if !isBody { names.append("enclose sequences") }
        return (result, names.map { Report(name: $0, count: counts[$0, default: 0]) })
    }
}
