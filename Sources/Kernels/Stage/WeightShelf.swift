internal import CKernels
public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Packed weights that several processes on one node hold once: the process that needs a weight first packs it into
/// memory that all of them see; the others take it from there.
///
/// The memory begins with a table of its contents, in which each process looks up keys (open addressing). No process
/// writes a weight after it has been put there.
public final class WeightShelf: @unchecked Sendable {
    /// How many weights have a place; further ones are held by each process itself.
    private static let entryLimit = 1 << 14
    private static let entryWords = 5
    /// The number of bytes that are used, and padding up to the next cache line.
    private static let headWords = 8
    private static let headByteCount = (headWords + entryLimit * entryWords) * 8

    /// The words of an entry.
    private enum Field { static let state = 0, key = 1, secondKey = 2, offset = 3, byteCount = 4 }
    /// States follow one another in this order; `left`: every process packs the weight for itself.
    private enum State {
        static let (free, named, filling, ready, left): (Int64, Int64, Int64, Int64, Int64) = (0, 1, 2, 3, 4)
    }

    private let memory: Storage
    private let words: UnsafeMutablePointer<Int64>
    private let shouldStop: () -> Bool
    /// Bytes of weights that this process took from others, or put there.
    private(set) var byteCount = 0

    /// Bytes of shared memory for a stage whose constants have the given number of bytes. Pages that are not written
    /// use no memory.
    public static func byteCount(forConstants byteCount: Int) -> Int {
        // Half precision is unpacked to float32, and panels are padded.
        headByteCount + 2 * byteCount + (16 << 20)
    }

    /// - Parameters:
    ///   - memory: shared by all of the processes; zeros, and `prepared` by one of them before any other uses it.
    ///   - shouldStop: called while another process packs; the process packs for itself when it returns true.
    public init(_ memory: Storage, unless shouldStop: @escaping () -> Bool) {
        precondition(memory.byteCount >= WeightShelf.headByteCount)
        self.memory = memory
        self.shouldStop = shouldStop
        words = memory.pointer.assumingMemoryBound(to: Int64.self)
    }

    /// Prepares shared memory; called by one process, before the others use it.
    public static func prepare(_ memory: Storage) {
        memory.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: headByteCount)
        memory.pointer.storeBytes(of: Int64(headByteCount), as: Int64.self)
    }

    private func word(_ entry: Int, _ field: Int) -> UnsafeMutablePointer<Int64> {
        words + WeightShelf.headWords + entry * WeightShelf.entryWords + field
    }

    /// The weight of a key, packed by the process that asks first.
    ///
    /// - Parameter key: the same in all processes for the same bytes.
    func storage(_ key: String, make: () throws -> Storage) throws -> Storage {
        let first = WeightShelf.hash(key, seed: 0xcbf2_9ce4_8422_2325)
        let second = WeightShelf.hash(key, seed: 0x9ae1_6a3b_2f90_404f)
        var entry = Int(UInt64(bitPattern: first) % UInt64(WeightShelf.entryLimit))
        for _ in 0..<WeightShelf.entryLimit {
            if mpk_shared_exchange(word(entry, Field.state), State.free, State.named) != 0 {
                word(entry, Field.key).pointee = first
                word(entry, Field.secondKey).pointee = second
                mpk_shared_set(word(entry, Field.state), State.filling)
                return try fill(entry, make)
            }
            guard wait(entry, past: State.named) else { return try make() }
            if word(entry, Field.key).pointee == first, word(entry, Field.secondKey).pointee == second {
                guard wait(entry, past: State.filling),
                    mpk_shared_get(word(entry, Field.state)) == State.ready
                else { return try make() }
                return view(entry)
            }
            entry = (entry + 1) % WeightShelf.entryLimit
        }
        return try make()
    }

    private func fill(_ entry: Int, _ make: () throws -> Storage) throws -> Storage {
        let made: Storage
        do { made = try make() } catch {
            mpk_shared_set(word(entry, Field.state), State.left)
            throw error
        }
        let size = (made.byteCount + Storage.alignment - 1) / Storage.alignment * Storage.alignment
        let offset = mpk_shared_add(words, Int64(size))
        guard Int(offset) + size <= memory.byteCount else {
            mpk_shared_set(word(entry, Field.state), State.left)
            return made
        }
        (memory.pointer + Int(offset)).copyMemory(from: made.pointer, byteCount: made.byteCount)
        word(entry, Field.offset).pointee = offset
        word(entry, Field.byteCount).pointee = Int64(made.byteCount)
        mpk_shared_set(word(entry, Field.state), State.ready)
        return view(entry)
    }

    private func view(_ entry: Int) -> Storage {
        let count = Int(word(entry, Field.byteCount).pointee)
        byteCount += count
        let memory = memory
        return Storage(borrowing: memory.pointer + Int(word(entry, Field.offset).pointee), byteCount: count) { _ in
            _ = memory
        }
    }

    /// Waits until an entry has left a state; false where the process must stop.
    private func wait(_ entry: Int, past state: Int64) -> Bool {
        var polls = 0
        while mpk_shared_get(word(entry, Field.state)) <= state {
            polls += 1
            if polls % 1024 == 0, shouldStop() { return false }
            sched_yield()
        }
        return true
    }

    /// FNV-1a.
    private static func hash(_ key: String, seed: UInt64) -> Int64 {
        Int64(bitPattern: key.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 })
    }
}
