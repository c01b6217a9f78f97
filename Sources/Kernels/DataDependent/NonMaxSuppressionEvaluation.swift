internal import Graphs
internal import Tensors

extension NonMaxSuppression {
    /// int64 [count, 3]: batch, class and box, in that order; within a class the best score first.
    func evaluate(_ operands: [Tensor?]) throws -> Tensor {
        func scalar<Element: TensorElement>(_ index: Int, _: Element.Type) -> Element? {
            guard index < operands.count, let tensor = operands[index] else { return nil }
            return tensor.elements(of: Element.self)[0]
        }
        guard let boxes = operands[0], let scores = operands[1] else { throw KernelError("an operand is missing") }
        let limit = scalar(2, Int64.self) ?? 0
        let overlapLimit = scalar(3, Float.self) ?? 0
        let leastScore = scalar(4, Float.self)
        let (batches, classes, count) = (scores.shape[0], scores.shape[1], scores.shape[2])
        let scoreList = scores.elements(of: Float.self)  // [batch, class, box]
        let numbers = boxes.elements(of: Float.self)  // [batch, box, 4]
        var picked: [Int64] = []
        guard limit > 0 else { return Tensor(picked, shape: [0, 3]) }
        for batch in 0..<batches {
            let corners = (0..<count).map { Box(numbers, at: (batch * count + $0) * 4, hasCenter: boxesHaveCenters) }
            for category in 0..<classes {
                let first = (batch * classes + category) * count
                // NaN is no score: it is above no threshold, and no order has a place for it.
                let candidates = (0..<count).filter { box in
                    let score = scoreList[first + box]
                    return leastScore.map { score > $0 } ?? !score.isNaN
                }
                .sorted { (scoreList[first + $1], $0) < (scoreList[first + $0], $1) }
                var kept: [Int] = []
                for candidate in candidates where kept.count < limit {
                    guard kept.allSatisfy({ corners[$0].overlap(with: corners[candidate]) <= overlapLimit }) else {
                        continue
                    }
                    kept.append(candidate)
                }
                for box in kept { picked += [Int64(batch), Int64(category), Int64(box)] }
            }
        }
        return Tensor(picked, shape: [picked.count / 3, 3])
    }
}

/// A rectangle by its least and greatest coordinates.
private struct Box {
    let top: Float
    let left: Float
    let bottom: Float
    let right: Float

    init(_ numbers: [Float], at index: Int, hasCenter: Bool) {
        let (a, b, c, d) = (numbers[index], numbers[index + 1], numbers[index + 2], numbers[index + 3])
        if hasCenter {
            (left, right, top, bottom) = (a - c / 2, a + c / 2, b - d / 2, b + d / 2)
        } else {
            (top, left, bottom, right) = (min(a, c), min(b, d), max(a, c), max(b, d))
        }
    }

    private var area: Float { (bottom - top) * (right - left) }

    /// Intersection over union.
    func overlap(with other: Box) -> Float {
        let height = min(bottom, other.bottom) - max(top, other.top)
        let width = min(right, other.right) - max(left, other.left)
        guard height > 0, width > 0 else { return 0 }
        let intersection = height * width
        let union = area + other.area - intersection
        return union > 0 ? intersection / union : 0
    }
}
