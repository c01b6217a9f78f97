internal import Tensors

/// Counts how often the class with the highest score is the right one, and keeps the first predictions to show.
struct ClassificationTally {
    /// The output that holds a score for each class.
    let output: String
    private let labels: Labels?
    private let classes: ClassNames?
    private let itemNames: ItemNames
    private(set) var result = JobResult()

    private static let shown = 10

    /// Nil when the job asks for no classes.
    init?(_ specification: JobSpecification, outputs: [String], itemNames: ItemNames) throws {
        guard specification.labels != nil || specification.classes != nil else { return nil }
        if let wanted = specification.labels?.output {
            guard outputs.contains(wanted) else {
                throw JobError(
                    "labels.output: the model has no output '\(wanted)'; it has \(outputs.joined(separator: ", "))")
            }
            output = wanted
        } else {
            guard outputs.count == 1 else {
                throw JobError(
                    "the model has the outputs \(outputs.joined(separator: ", ")): say under labels.output which one holds "
                        + "the classes")
            }
            output = outputs[0]
        }
        self.itemNames = itemNames
        let classes = try specification.classes.map(ClassNames.init(path:))
        self.classes = classes
        labels = try specification.labels.map { try Labels($0, items: itemNames, classes: classes) }
    }

    mutating func add(_ scores: Tensor, items: Range<Int>) throws(JobError) {
        guard scores.dtype == .float32, scores.shape.rank >= 2, scores.elementCount > 0 else {
            throw JobError("output '\(output)' is \(scores.type) and holds no float32 score for each class")
        }
        let width = scores.elementCount / items.count
        let values = scores.elements(of: Float.self)
        for (row, item) in items.enumerated() {
            let best = ClassificationTally.best(values[(row * width)..<((row + 1) * width)])
            if let label = labels?.classes[item] {
                result.labelled += 1
                if label == best { result.correct += 1 }
            }
            if result.predictions.count < ClassificationTally.shown {
                result.predictions.append(
                    JobResult.Prediction(
                        item: itemNames[item] ?? String(item), predicted: name(best),
                        label: labels.map { name($0.classes[item]) }))
            }
        }
    }

    /// The first of the highest scores. NaN is never the highest.
    private static func best(_ scores: ArraySlice<Float>) -> Int {
        var best = scores.startIndex
        for index in scores.indices where scores[index] > scores[best] || scores[best].isNaN { best = index }
        return best - scores.startIndex
    }

    private func name(_ index: Int) -> String {
        guard let names = classes?.names, index < names.count else { return String(index) }
        return names[index]
    }
}
