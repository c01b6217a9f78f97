internal import Tensors

/// Counts how often the class with the highest score is the right one, and keeps the first predictions to show.
struct ClassificationTally {
    /// The output that holds a score for each class.
    let output: String
    let labels: Labels?
    let classes: ClassNames?
    private let itemNames: ItemNames
    private(set) var result = JobResult()
    /// The items of the predictions that are shown.
    private var shownItems: [Int] = []
    private var accuracy = Accuracy()

    private static let shown = 10

    /// Nil when the job asks for no classes.
    init?(_ specification: JobSpecification, outputs: [String], itemNames: ItemNames) throws {
        guard specification.labels != nil || specification.classes != nil else { return nil }
        if let wanted = specification.labels?.output {
            guard outputs.contains(wanted) else {
                throw JobError(
                    "labels.output: the model has no output '\(wanted)'\(NearestName.choice(wanted, among: outputs))")
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

    /// Throws where items of this type do not have one score for each class.
    func requireScores(_ itemType: TensorType) throws(JobError) {
        guard itemType.dtype.isFloatingPoint, ClassRanking.isRanking(itemType.shape) else {
            throw JobError(
                "output '\(output)' is \(itemType) for each item and holds no score for each class: say under labels.output "
                    + "which output does, or take 'labels' and 'classes' out of the job")
        }
    }

    mutating func add(_ scores: Tensor, items: [Int]) throws(JobError) {
        let itemShape = Shape(Array(scores.shape.dimensions.dropFirst()))
        try requireScores(TensorType(scores.dtype, itemShape))
        if let labels {
            accuracy.add(items: items, from: scores, labels: labels)
            result.labelled = accuracy.count
            result.correct = accuracy.correctCount
        }
        // Items may arrive in any order.
        for (row, item) in items.enumerated() where item < ClassificationTally.shown {
            let best = ClassRanking.best(1, of: scores.slice(row..<row + 1).reshaped(itemShape))[0]
            let place = shownItems.firstIndex { $0 > item } ?? shownItems.count
            shownItems.insert(item, at: place)
            result.predictions.insert(
                JobResult.Prediction(
                    item: itemNames[item] ?? String(item), predicted: name(best),
                    label: labels.map { name($0.classes[item]) }), at: place)
        }
    }

    private func name(_ index: Int) -> String {
        guard let names = classes?.names, index < names.count else { return String(index) }
        return names[index]
    }
}
