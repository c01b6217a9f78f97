internal import Tensors

/// What the elements of an output read along one axis of an operand.
public enum AxisRelation: Hashable, Sendable {
    /// Indices that follow from the index along one axis of the output.
    case window(of: Int, AxisWindow)
    /// The only index there is, whatever the output's: an axis of extent 1 that is stretched, or left out.
    case stretched
    /// Every index, for every element of the output: what a sum, a maximum or a mean goes over.
    case reduced
    /// Indices that elements of an operand name, and so any.
    case gathered
    /// Any index, and nobody says how.
    case opaque

    /// The index that the output has along `axis`.
    public static func pointwise(_ axis: Int) -> AxisRelation { .window(of: axis, .pointwise) }

    /// The axis of the output whose index alone is read here, where that is so.
    public var pointwiseAxis: Int? {
        if case .window(let axis, .pointwise) = self { axis } else { nil }
    }

    /// The smallest range that holds all that a region of the output reads.
    ///
    /// - Parameters:
    ///   - region: a range for each axis of the output, none of them empty.
    ///   - extent: of the operand's axis.
    public func indices(readBy region: [Range<Int>], of extent: Int) -> Range<Int> {
        switch self {
        case .window(let axis, let window): window.indices(readBy: region[axis], of: extent)
        case .stretched, .reduced, .gathered, .opaque: 0..<extent
        }
    }
}

extension [AxisRelation] {
    /// Each axis pointwise to the one with its own number.
    static func pointwise(rank: Int) -> [AxisRelation] { (0..<rank).map(AxisRelation.pointwise) }

    /// NumPy's broadcasting: aligned at the last axis, extents of 1 stretch.
    static func broadcast(_ operand: Shape, to output: Shape) -> [AxisRelation] {
        operand.dimensions.enumerated().map { axis, extent in
            let place = axis + output.rank - operand.rank
            if place >= 0, output[place] == extent { return .pointwise(place) }
            return extent == 1 ? .stretched : .opaque
        }
    }

    /// Of an operand with one number for all, or one for each index of an axis of the output, on whichever axis of its own.
    ///
    /// - Parameter extent: of that axis.
    static func parameter(_ operand: Shape, along axis: Int, of extent: Int) -> [AxisRelation] {
        operand.dimensions.map { $0 == 1 ? .stretched : $0 == extent ? .pointwise(axis) : .opaque }
    }

    /// Of a result with the operand's elements in the same order under another shape. Runs of axes with the same product lie
    /// on each other; of such a run the outermost axis is followed, and the inner ones where they are merged into one.
    static func reshaped(_ operand: Shape, to output: Shape) -> [AxisRelation] {
        guard operand.elementCount > 0, operand.elementCount == output.elementCount else {
            return Array(repeating: .opaque, count: operand.rank)
        }
        var relations = [AxisRelation](repeating: .stretched, count: operand.rank)
        var sources = operand.dimensions.indices.filter { operand[$0] > 1 }[...]
        var targets = output.dimensions.indices.filter { output[$0] > 1 }[...]
        while let source = sources.popFirst(), let target = targets.popFirst() {
            var merged = [source]
            var (from, to) = (operand[source], output[target])
            var targetCount = 1
            while from != to {
                if from < to {
                    merged.append(sources.removeFirst())
                    from *= operand[merged.last!]
                } else {
                    to *= output[targets.removeFirst()]
                    targetCount += 1
                }
            }
            // Elements from one index of the axis to the next.
            var inner = from / operand[source]
            let block = to / output[target]
            relations[source] = .window(of: target, AxisWindow(step: block, last: block - 1, divisor: inner))
            for axis in merged.dropFirst() {
                inner /= operand[axis]
                relations[axis] =
                    targetCount == 1 ? .window(of: target, AxisWindow(divisor: inner, outside: .wrapped)) : .opaque
            }
        }
        return relations
    }
}
