import Kernels
import TestSupport
import Testing

/// The bounded table that programs are kept in.
@Suite struct RecentlyUsedTests {
    @Test func theOldestGoes() {
        var table = RecentlyUsed<Int, String>(limit: 2)
        table[1] = "one"
        table[2] = "two"
        #expect(table[1] == "one")
        table[3] = "three"
        #expect(table[2] == nil && table[1] == "one" && table[3] == "three" && table.count == 2)
        table[1] = nil
        #expect(table.count == 1 && table[1] == nil)
    }

    @Test func equalsAListInOrderOfUse() {
        var random = SplitMix(3)
        for limit in [1, 2, 5, 16] {
            var table = RecentlyUsed<Int, Int>(limit: limit)
            var list: [Int] = []  // keys, the last used at the end
            for _ in 0..<2000 {
                let key = random.integer(0...20)
                var wasMade = false
                let value = table.value(for: key) {
                    wasMade = true
                    return key * key
                }
                #expect(value == key * key && wasMade == !list.contains(key))
                list.removeAll { $0 == key }
                list.append(key)
                if list.count > limit { list.removeFirst() }
                #expect(table.count == list.count)
            }
        }
    }
}
