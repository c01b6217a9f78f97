import Tensors
import Testing

@testable import Planning

/// How items become microbatches.
@Suite struct InputBatchingTests {
    private func batching(items: Int, size: Int) -> InputBatching {
        InputBatching(
            itemTypes: [TensorType(.float32, [3]), TensorType(.int64, [])], microbatchSize: size,
            itemCount: items)
    }

    @Test func everyItemIsInOneMicrobatch() {
        for items in 0...40 {
            for size in 1...12 {
                let batching = batching(items: items, size: size)
                let ranges = (0..<batching.microbatchCount).map(batching.items)
                #expect(ranges.flatMap { Array($0) } == Array(0..<items))
                #expect(ranges.allSatisfy { !$0.isEmpty && $0.count <= size })
                #expect(ranges.dropLast().allSatisfy { $0.count == size })
                // Programs are compiled for the sizes and for no others.
                #expect(Set(ranges.map(\.count)) == Set(batching.sizes))
                #expect(batching.sizes.count == Set(batching.sizes).count)
                #expect(batching.sizes == batching.sizes.sorted(by: >))
            }
        }
    }

    @Test func edges() {
        #expect(batching(items: 0, size: 4).sizes == [])
        #expect(batching(items: 0, size: 4).microbatchCount == 0)
        #expect(batching(items: 3, size: 4).sizes == [3])
        #expect(batching(items: 4, size: 4).sizes == [4])
        #expect(batching(items: 5, size: 4).sizes == [4, 1])
        #expect(batching(items: 8, size: 4).sizes == [4])
    }

    @Test func typesFollowTheItems() {
        let types = batching(items: 5, size: 4).inputTypes(of: .init(shapeClass: 0, itemCount: 1))
        #expect(types == [TensorType(.float32, [1, 3]), TensorType(.int64, [1])])
    }
}

extension InputBatching {
    fileprivate var sizes: [Int] { variants.map(\.itemCount) }
}
