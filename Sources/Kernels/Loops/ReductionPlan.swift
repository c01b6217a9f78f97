internal import Tensors

/// The loop nest of a reduction: which input elements fold into which output element. Neighbouring axes of the same
/// kind are merged.
struct ReductionPlan: Sendable {
    /// Output elements, in order, with the input offset where each one's elements start.
    let kept: OuterAxes
    /// The folded axes but the fastest, as offsets from there.
    let foldedOuter: OuterAxes
    /// The fastest folded axis.
    let foldedCount: Int
    let foldedStride: Int
    /// Input and output run alike over the last merged axis, which is kept: this many neighbouring output elements can
    /// be folded side by side.
    let keptRun: Int

    init(input: Shape, axes: [Int]) {
        var extents: [Int] = []
        var steps: [Int] = []
        var folds: [Bool] = []
        let strides = input.strides
        for axis in 0..<input.rank where input[axis] != 1 {
            let isFolded = axes.contains(axis)
            if folds.last == isFolded {
                extents[extents.count - 1] *= input[axis]
                steps[steps.count - 1] = strides[axis]
            } else {
                extents.append(input[axis])
                steps.append(strides[axis])
                folds.append(isFolded)
            }
        }
        let keptAxes = extents.indices.filter { !folds[$0] }
        var foldedAxes = extents.indices.filter { folds[$0] }
        kept = OuterAxes(extents: keptAxes.map { extents[$0] }, strides: keptAxes.map { steps[$0] })
        keptRun = folds.last == false ? extents[extents.count - 1] : 1
        if let last = foldedAxes.popLast() {
            foldedCount = extents[last]
            foldedStride = steps[last]
        } else {
            foldedCount = 1
            foldedStride = 1
        }
        foldedOuter = OuterAxes(extents: foldedAxes.map { extents[$0] }, strides: foldedAxes.map { steps[$0] })
    }

    /// Input elements behind each output element.
    var foldCount: Int { foldedOuter.count * foldedCount }
}
