import Synchronization
import Tensors
import TestSupport
import Testing

@testable import Kernels

/// Weights that several processes hold once; here threads represent processes, each with its own shelf over the same
/// memory.
@Suite struct WeightShelfTests {
    private struct Unpackable: Error {}

    private static func memory(room: Int) -> Storage {
        let memory = Storage(byteCount: WeightShelf.byteCount(forConstants: 0) - (16 << 20) + room)
        WeightShelf.prepare(memory)
        return memory
    }

    private static func weight(_ number: Int, byteCount: Int) -> Storage {
        let storage = Storage(byteCount: byteCount)
        for index in 0..<byteCount {
            storage.pointer.storeBytes(
                of: UInt8(truncatingIfNeeded: number &* 31 &+ index), toByteOffset: index, as: UInt8.self)
        }
        return storage
    }

    private static func bytes(_ storage: Storage) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: storage.pointer, count: storage.byteCount))
    }

    @Test("each weight is packed once, whoever asks first", arguments: 0..<5)
    func packedOnce(seed: Int) async throws {
        let memory = WeightShelfTests.memory(room: 1 << 20)
        let packings = (0..<200).map { _ in Counter() }
        await withTaskGroup(of: [Bool].self) { group in
            for process in 0..<4 {
                group.addTask {
                    let shelf = WeightShelf(memory, unless: { false })
                    var random = SplitMix(UInt64(seed * 4 + process))
                    // Processes ask mostly in the same order.
                    var order = Array(0..<200)
                    for _ in 0..<30 { order.swapAt(random.integer(0...199), random.integer(0...199)) }
                    return order.map { number in
                        let size = 1 + number * 7
                        let storage = try? shelf.storage("weight \(number)") {
                            packings[number].count.add(1, ordering: .relaxed)
                            return WeightShelfTests.weight(number, byteCount: size)
                        }
                        guard let storage else { return false }
                        return Int(bitPattern: storage.pointer) % Storage.alignment == 0
                            && WeightShelfTests.bytes(storage)
                                == WeightShelfTests.bytes(WeightShelfTests.weight(number, byteCount: size))
                    }
                }
            }
            for await results in group { #expect(results.allSatisfy { $0 }) }
        }
        #expect(packings.allSatisfy { $0.count.load(ordering: .relaxed) == 1 })
    }

    private final class Counter: Sendable { let count = Atomic(0) }

    @Test func whatFindsNoPlaceIsHeldByEach() throws {
        let memory = WeightShelfTests.memory(room: 1000)
        let (one, other) = (WeightShelf(memory, unless: { false }), WeightShelf(memory, unless: { false }))
        var packings = 0
        func take(_ shelf: WeightShelf, _ key: String, _ byteCount: Int) throws -> Storage {
            try shelf.storage(key) {
                packings += 1
                return WeightShelfTests.weight(3, byteCount: byteCount)
            }
        }
        #expect(try take(one, "small", 600).pointer == take(other, "small", 600).pointer && packings == 1)
        let large = (try take(one, "large", 5000), try take(other, "large", 5000))
        #expect(large.0.pointer != large.1.pointer && packings == 3)
        #expect(WeightShelfTests.bytes(large.0) == WeightShelfTests.bytes(large.1))
        #expect(one.byteCount == 600 && other.byteCount == 600)
    }

    @Test func whatCannotBePackedIsSaidByEach() throws {
        let memory = WeightShelfTests.memory(room: 1000)
        for _ in 0..<2 {
            let shelf = WeightShelf(memory, unless: { false })
            #expect(throws: Unpackable.self) { try shelf.storage("bad") { throw Unpackable() } }
        }
    }

    @Test func nobodyWaitsForOneThatIsGone() throws {
        let memory = WeightShelfTests.memory(room: 1000)
        let (gone, other) = (WeightShelf(memory, unless: { false }), WeightShelf(memory, unless: { true }))
        // While one packs, the other asks, and learns that a rank has failed.
        let outer = try gone.storage("weight") {
            let inner = try other.storage("weight") { WeightShelfTests.weight(1, byteCount: 10) }
            #expect(WeightShelfTests.bytes(inner) == WeightShelfTests.bytes(WeightShelfTests.weight(1, byteCount: 10)))
            return WeightShelfTests.weight(1, byteCount: 10)
        }
        #expect(outer.byteCount == 10)
    }
}
