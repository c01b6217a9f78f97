/// For each block, the values that are alive before it, by the block until which they are: flat, ascending, those of one
/// end taken together.
struct CrossingValues {
    /// A value that is alive before the blocks behind `after` up to `until`.
    struct Entry {
        let after: Int
        let until: Int
        let byteCount: Double
    }

    let blockCount: Int
    private(set) var untils: [Int] = []
    private(set) var byteCounts: [Double] = []
    private var starts: [Int] = [0]

    init(_ entries: [Entry], blockCount: Int) {
        self.blockCount = blockCount
        var firstOfBlock = [Int](repeating: 0, count: blockCount + 2)
        for entry in entries { firstOfBlock[entry.after + 2] += 1 }
        for block in 1..<firstOfBlock.count { firstOfBlock[block] += firstOfBlock[block - 1] }
        var byBlock = [Int](repeating: 0, count: entries.count)
        for (index, entry) in entries.enumerated() {
            byBlock[firstOfBlock[entry.after + 1]] = index
            firstOfBlock[entry.after + 1] += 1
        }
        // The nearest end last, where most values come and go.
        var alive: [(until: Int, byteCount: Double)] = []
        var next = 0
        for block in 0..<blockCount {
            while let last = alive.last, last.until < block { alive.removeLast() }
            while next < byBlock.count, entries[byBlock[next]].after < block {
                let entry = entries[byBlock[next]]
                next += 1
                var place = alive.count
                while place > 0, alive[place - 1].until < entry.until { place -= 1 }
                if place > 0, alive[place - 1].until == entry.until {
                    alive[place - 1].byteCount += entry.byteCount
                } else {
                    alive.insert((entry.until, entry.byteCount), at: place)
                }
            }
            for value in alive.reversed() {
                untils.append(value.until)
                byteCounts.append(value.byteCount)
            }
            starts.append(untils.count)
        }
    }

    /// Where the values alive before a block are.
    func range(of block: Int) -> Range<Int> { starts[block]..<starts[block + 1] }

    /// Bytes alive before a block that are so until another one or longer.
    func byteCount(before block: Int, until other: Int) -> Double {
        var sum = 0.0
        var index = starts[block + 1] - 1
        while index >= starts[block], untils[index] >= other {
            sum += byteCounts[index]
            index -= 1
        }
        return sum
    }
}
