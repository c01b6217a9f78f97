import Tensors
import TestSupport
import Testing

@testable import Planning

/// Which items travel together when their shapes differ.
@Suite struct ItemGroupingTests {
    private func grouping(size: Int, multiple: Int = 1) -> ItemGrouping {
        ItemGrouping(microbatchSize: size, paddingMultiple: multiple)
    }

    @Test func itemsOfOneShapeKeepTheirOrder() {
        let (order, groups) = grouping(size: 4).groups(
            of: [[Shape]](repeating: [[3, 8], []], count: 10), padding: [[:], [:]])
        #expect(order == nil)
        #expect(groups == [.init(shapes: [[3, 8], []], places: 0..<10)])
        #expect(grouping(size: 4).groups(of: [], padding: [[:]]).groups.isEmpty)
    }

    @Test func itemsOfDifferentShapesAreNotMixed() {
        var random = SplitMix(7)
        for _ in 0..<300 {
            let count = random.integer(1...40)
            let shapes = (0..<count).map { _ in
                [Shape([3, random.integer(1...4)]), Shape([random.integer(1...2)])]
            }
            let size = random.integer(1...5)
            let (order, groups) = grouping(size: size, multiple: 8).groups(of: shapes, padding: [[:], [:]])
            let items = order ?? Array(0..<count)
            #expect(items.sorted() == Array(0..<count))
            for group in groups {
                for place in group.places { #expect(shapes[items[place]] == group.shapes) }
            }
            // As few groups as there are shapes, and large items first.
            #expect(groups.count == Set(shapes).count)
            let extents = groups.map { $0.shapes.flatMap(\.dimensions) }
            #expect(zip(extents, extents.dropFirst()).allSatisfy { $1.lexicographicallyPrecedes($0) })
        }
    }

    @Test func paddedItemsAreSortedAndRoundedUp() {
        let lengths = [3, 17, 9, 4, 16, 1, 30]
        let (order, groups) = grouping(size: 2, multiple: 8).groups(
            of: lengths.map { [Shape([$0])] }, padding: [[0: 28]])
        // 30 is longer than the limit and keeps its length: the source said that it is so.
        #expect(order == [6, 1, 4, 2, 3, 0, 5])
        #expect(
            groups == [
                .init(shapes: [[30]], places: 0..<2), .init(shapes: [[16]], places: 2..<4),
                .init(shapes: [[8]], places: 4..<7),
            ])
    }

    @Test func paddingCoversEveryItem() {
        var random = SplitMix(8)
        for _ in 0..<500 {
            let count = random.integer(1...50)
            let limit = random.integer(20...60)
            let shapes = (0..<count).map { _ -> [Shape] in
                let length = random.integer(0...limit)
                return [Shape([length, random.choice([2, 2, 3])]), Shape([length])]
            }
            let size = random.integer(1...6)
            let multiple = random.choice([1, 4, 8, 32])
            let (order, groups) = grouping(size: size, multiple: multiple).groups(
                of: shapes, padding: [[0: limit], [0: limit]])
            let items = order ?? Array(0..<count)
            #expect(items.sorted() == Array(0..<count))
            let batching = InputBatching(
                classes: groups.map { group in
                    .init(inputs: group.shapes.map { .init(TensorType(.float32, $0)) }, places: group.places)
                }, microbatchSize: size, itemCount: count, order: order)
            var seen: [Int] = []
            for microbatch in 0..<batching.microbatchCount {
                let members = batching.items(of: microbatch)
                seen += members
                let types = batching.inputTypes(of: batching.variant(of: microbatch))
                let longest = members.map { shapes[$0][0][0] }.max()!
                #expect(types[0].shape[0] == members.count && types[1].shape[0] == members.count)
                #expect(types[0].shape[1] >= longest && types[0].shape[1] <= limit)
                #expect(types[0].shape[1] - longest < multiple && types[1].shape[1] == types[0].shape[1])
                #expect(Set(members.map { shapes[$0][0][1] }) == [types[0].shape[2]])
            }
            #expect(seen.sorted() == Array(0..<count))
        }
    }

    @Test func variantsAreWhatMicrobatchesAre() {
        var random = SplitMix(9)
        for _ in 0..<300 {
            let shapes = (0..<random.integer(1...30)).map { _ in [Shape([random.integer(1...3)])] }
            let size = random.integer(1...5)
            let (order, groups) = grouping(size: size).groups(of: shapes, padding: [[:]])
            let batching = InputBatching(
                classes: groups.map { .init(inputs: [.init(TensorType(.float32, $0.shapes[0]))], places: $0.places) },
                microbatchSize: size, itemCount: shapes.count, order: order)
            let found = (0..<batching.microbatchCount).map(batching.variant)
            #expect(Set(found) == Set(batching.variants))
            #expect(batching.variants.count == Set(batching.variants).count)
            #expect(batching.representative.itemCount == size)
        }
    }
}
