/// What the programs of one stage have in common.
final class StageEnvironment {
    let weights: StageWeights
    let arena: Arena
    let pool: WorkerPool
    /// Of the stage itself; bodies have none, so that their time is that of the node that holds them.
    let recorder: NodeRecorder?
    /// Owned by the outermost program: what lies in the cache must not keep the cache alive.
    unowned let cache: ProgramCache
    private let owned: ProgramCache?
    /// The job's numbers of the items that are being computed. Bodies draw no random numbers and see none.
    var items: [Int] = []

    init(weights: StageWeights, arena: Arena, pool: WorkerPool, cacheCapacity: Int, recorder: NodeRecorder?) {
        self.recorder = recorder
        self.weights = weights
        self.arena = arena
        self.pool = pool
        let cache = ProgramCache(capacity: cacheCapacity)
        owned = cache
        self.cache = cache
    }

    private init(weights: StageWeights, outer: StageEnvironment) {
        self.weights = weights
        arena = outer.arena.nested()
        pool = outer.pool
        recorder = nil
        owned = nil
        cache = outer.cache
    }

    /// For a body, which has constants of its own and computes while what surrounds it is under way.
    func body(_ weights: StageWeights) -> StageEnvironment { StageEnvironment(weights: weights, outer: self) }
}
