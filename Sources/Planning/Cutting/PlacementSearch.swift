/// The exact answer to "cut a chain into contiguous stages and put each on a rank of its own, so that the heaviest stage
/// is as light as can be, and of all such plans take the one whose messages are the least on the way".
///
/// Dynamic programming over (ranks taken, blocks placed), twice: the first pass finds the lightest heaviest stage, the
/// second the lowest toll among the plans that reach it. A stage grows towards the front until its `floor`, which only
/// rises, is beyond what is known to be possible; so the work is far below steps * blocks^2 where blocks are alike.
struct PlacementSearch {
    /// What a plan is worth, and the plan.
    struct Result {
        let heaviest: Double
        /// The block that each stage begins with.
        let starts: [Int]
        /// By stage.
        let ranks: [Int]

        func placement(on problem: PartitionProblem) -> Placement {
            let blocks = problem.chain.blockStarts
            return Placement(boundaries: starts.map { blocks[$0] }, ranks: ranks)
        }
    }

    let scan: StageScan
    let places: RankChoices
    /// What a stage weighs on a rank; infinite where it does not fit.
    let load: (StageScan.Figures, RankChoices.Step) -> Double
    /// A part of the load that only grows with the stage.
    let floor: (StageScan.Figures, RankChoices.Step) -> Double
    /// What a stage's messages cost the first item on its way.
    let toll: (StageScan.Figures, RankChoices.Step) -> Double

    private var width: Int { scan.blockCount + 1 }

    /// The ends that a step's stage may have, so that each stage before and after it has a block.
    private func ends(_ step: RankChoices.Step) -> ClosedRange<Int> {
        let depth = places.depths[step.to]
        let lowest = depth == places.rankCount ? scan.blockCount : depth
        return lowest...(scan.blockCount - (places.rankCount - depth))
    }

    /// Nil where no plan fits.
    func best() -> Result? {
        var heaviest = [Double](repeating: .infinity, count: places.stateCount * width)
        heaviest[0] = 0
        for step in places.steps {
            let (from, to) = (step.from * width, step.to * width)
            for end in ends(step) {
                var best = heaviest[to + end]
                scan.stages(endingBefore: end, from: places.depths[step.from]) { first, figures in
                    guard floor(figures, step) < best else { return false }
                    let before = heaviest[from + first]
                    if before < best { best = min(best, max(before, load(figures, step))) }
                    return true
                }
                heaviest[to + end] = best
            }
        }
        let limit = places.finalStates.map { heaviest[$0 * width + scan.blockCount] }.min()!
        return limit.isFinite ? cheapest(limit: limit) : nil
    }

    private func cheapest(limit: Double) -> Result {
        var tolls = [Double](repeating: .infinity, count: places.stateCount * width)
        var choices = [(step: Int32, first: Int32)](repeating: (-1, -1), count: places.stateCount * width)
        tolls[0] = 0
        for (number, step) in places.steps.enumerated() {
            let (from, to) = (step.from * width, step.to * width)
            for end in ends(step) {
                scan.stages(endingBefore: end, from: places.depths[step.from]) { first, figures in
                    guard floor(figures, step) <= limit else { return false }
                    guard tolls[from + first] < tolls[to + end], load(figures, step) <= limit else { return true }
                    let sum = tolls[from + first] + toll(figures, step)
                    if sum < tolls[to + end] {
                        tolls[to + end] = sum
                        choices[to + end] = (Int32(number), Int32(first))
                    }
                    return true
                }
            }
        }
        var starts: [Int] = []
        var path: [RankChoices.Step] = []
        var place = places.finalStates.map { $0 * width + scan.blockCount }.min { tolls[$0] < tolls[$1] }!
        while place != 0 {
            let choice = choices[place]
            let step = places.steps[Int(choice.step)]
            starts.append(Int(choice.first))
            path.append(step)
            place = step.from * width + Int(choice.first)
        }
        return Result(heaviest: limit, starts: starts.reversed(), ranks: places.ranks(of: path.reversed()))
    }
}
