import Graphs
import Tensors
import Testing

@testable import Kernels

/// Elements and slices that indices point to, read and written, against their definition.
struct EntryTests {
    private static let reductions: [ScatterReduction] = [.replace, .add, .multiply, .minimum, .maximum]

    private static func fold(_ reduction: ScatterReduction, _ old: Float, _ new: Float) -> Float {
        switch reduction {
        case .replace: new
        case .add: old + new
        case .multiply: old * new
        case .minimum: min(old, new)
        case .maximum: max(old, new)
        }
    }

    /// Random indices for one axis, some of them counted from its end, as int32 or int64.
    private static func indices(
        _ shape: [Int], extents: (Int) -> Int, _ seed: Int, _ random: inout SeededGenerator
    ) throws -> (tensor: Tensor, normalized: [Int]) {
        let count = shape.reduce(1, *)
        let stored = (0..<count).map { place -> Int64 in
            let extent = extents(place)
            return Int64(random.integer(-extent...extent - 1))
        }
        let wide = Tensor(stored, shape: Shape(shape))
        let tensor = seed % 2 == 0 ? wide : try KernelRunner.run(.cast(Cast(to: .int32)), [wide])[0]
        return (tensor, stored.enumerated().map { Int($1) + ($1 < 0 ? extents($0) : 0) })
    }

    @Test(arguments: 0..<40)
    func alongAnAxis(seed: Int) throws {
        var random = SeededGenerator(UInt64(seed) + 900)
        let shape = random.shape(rank: 1...4, extents: 1...6)
        let axis = random.integer(0...shape.count - 1)
        var places = shape.map { random.integer(1...$0) }
        places[axis] = random.integer(1...8)
        let data = random.floats(shape)
        let (indices, steps) = try Self.indices(places, extents: { _ in shape[axis] }, seed, &random)
        let updates = random.floats(places)
        let values: [Float] = data.elements()
        let news: [Float] = updates.elements()
        let targets = KernelsTests.indices(of: places).enumerated().map { entry, place in
            var target = place
            target[axis] = steps[entry]
            return offset(target, shape)
        }
        let gathered = try KernelRunner.runOnThreads(.gatherElements(GatherElements(axis: axis)), [data, indices])[0]
        #expect(gathered.elements(of: Float.self) == targets.map { values[$0] }, "seed \(seed)")
        for reduction in Self.reductions {
            var expected = values
            for (target, new) in zip(targets, news) { expected[target] = Self.fold(reduction, expected[target], new) }
            let result = try KernelRunner.runOnThreads(
                .scatterElements(ScatterElements(axis: axis, reduction: reduction)), [data, indices, updates])[0]
            #expect(result.elements(of: Float.self) == expected, "seed \(seed), \(reduction)")
        }
    }

    @Test(arguments: 0..<40)
    func tuplesOfCoordinates(seed: Int) throws {
        var random = SeededGenerator(UInt64(seed) + 1300)
        let shape = random.shape(rank: 1...4, extents: 1...5)
        let batchAxes = random.integer(0...shape.count - 1)
        let coordinates = random.integer(1...(shape.count - batchAxes))
        let entries = [random.integer(1...7)]
        let data = random.floats(shape)
        let values: [Float] = data.elements()

        func blocks(_ batchAxes: Int) throws -> (indices: Tensor, targets: [Int], block: [Int]) {
            let leading = Array(shape.prefix(batchAxes))
            let (tensor, steps) = try Self.indices(
                leading + entries + [coordinates], extents: { shape[batchAxes + $0 % coordinates] }, seed, &random)
            let block = Array(shape[(batchAxes + coordinates)...])
            let outer = Array(shape.prefix(batchAxes + coordinates))
            let targets = KernelsTests.indices(of: leading + entries).enumerated().map { entry, place in
                let tuple = (0..<coordinates).map { steps[entry * coordinates + $0] }
                return offset(place.prefix(batchAxes) + tuple, outer) * block.reduce(1, *)
            }
            return (tensor, targets, block)
        }
        let (indices, targets, block) = try blocks(batchAxes)
        let size = block.reduce(1, *)
        let gathered = try KernelRunner.runOnThreads(.gatherND(GatherND(batchAxes: batchAxes)), [data, indices])[0]
        #expect(gathered.elements(of: Float.self) == targets.flatMap { values[$0..<$0 + size] }, "seed \(seed)")
        for reduction in Self.reductions {
            let (indices, targets, block) = try blocks(0)
            let size = block.reduce(1, *)
            let updates = random.floats(entries + block)
            let news: [Float] = updates.elements()
            var expected = values
            for (entry, target) in targets.enumerated() {
                for step in 0..<size {
                    expected[target + step] = Self.fold(reduction, expected[target + step], news[entry * size + step])
                }
            }
            let result = try KernelRunner.runOnThreads(
                .scatterND(ScatterND(reduction: reduction)), [data, indices, updates])[0]
            #expect(result.elements(of: Float.self) == expected, "seed \(seed), \(reduction)")
        }
    }

    /// The entry at fault is the first one, also behind others that point inside.
    @Test func anEntryOutsideIsNamed() throws {
        var random = SeededGenerator(3)
        let data = random.floats([4, 5])
        let indices = Tensor([Int64(0), 1, 2, 3, 4, -1, -5, 5, 9, 0], shape: [2, 5])
        for operation in [
            Operation.gatherElements(GatherElements(axis: 1)), .scatterElements(ScatterElements(axis: 1)),
        ] {
            let error = #expect(throws: KernelError.self) {
                try KernelRunner.run(operation, [data, indices, random.floats([2, 5])])
            }
            #expect(error?.description.contains("entry 7") == true)
            #expect(error?.element == 7)
        }
        // Of a tuple, the element is the first of its coordinates.
        let tuples = Tensor([Int64(0), 1, 3, 4, 4, 0], shape: [3, 2])
        for operation in [Operation.gatherND(GatherND()), .scatterND(ScatterND())] {
            let error = #expect(throws: KernelError.self) {
                try KernelRunner.run(operation, [data, tuples, random.floats([3])])
            }
            #expect(error?.description.contains("entry 2") == true)
            #expect(error?.element == 4)
        }
    }
}
