import Graphs
import Tensors
import Testing

@testable import Kernels

/// Operators that move elements, against index arithmetic.
struct MovementTests {
    /// 0, 1, 2, ... in a dtype of some width.
    private func counted(_ shape: [Int], bytes: Int = 4) throws -> Tensor {
        let numbers = Tensor((0..<shape.reduce(1, *)).map { Int64($0 % 251) }, shape: Shape(shape))
        let dtype: DType = [1: .uint8, 2: .int16, 4: .float32][bytes] ?? .int64
        return try KernelRunner.run(.cast(Cast(to: dtype)), [numbers])[0]
    }

    private func numbers(_ tensor: Tensor) throws -> [Int64] {
        try KernelRunner.run(.cast(Cast(to: .int64)), [tensor])[0].elements()
    }

    /// What a result is when element `index` comes from `source(index)`.
    private func expect(
        _ operation: Operation, _ operands: [Tensor?], constants: Set<Int> = [],
        source: ([Int]) -> [Int]?, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let input = operands[0]!
        let result = try KernelRunner.runOnThreads(operation, operands, constants: constants)[0]
        let elements = try numbers(input)
        let expected = indices(of: result.shape.dimensions).map { index in
            source(index).map { elements[offset($0, input.shape.dimensions)] } ?? 0
        }
        #expect(
            try numbers(result) == expected, "\(operation) of \(input.type)", sourceLocation: sourceLocation)
    }

    @Test(arguments: 0..<60)
    func transposes(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let shape = generator.shape(rank: 1...5, extents: 1...(seed % 3 == 0 ? 5 : 12)).prefix(4)
        let permutation = shape.indices.shuffled(using: &generator)
        let input = try counted(Array(shape), bytes: [1, 2, 4, 8][seed % 4])
        try expect(.transpose(Transpose(permutation: permutation)), [input]) { index in
            shape.indices.map { index[permutation.firstIndex(of: $0)!] }
        }
    }

    @Test func largePlanesTranspose() throws {
        try expect(.transpose(Transpose(permutation: [0, 2, 1])), [try counted([3, 70, 45])]) { [$0[0], $0[2], $0[1]] }
        try expect(.transpose(Transpose(permutation: [2, 0, 1])), [try counted([33, 17, 41])]) {
            [$0[1], $0[2], $0[0]]
        }
    }

    @Test(arguments: 0..<60)
    func slicesTakeAnyStep(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let shape = generator.shape(rank: 1...4, extents: 1...9)
        let starts = generator.integers([shape.count], -11...11)
        let ends = generator.integers([shape.count], -11...11)
        let steps = Tensor(shape.indices.map { _ in Int64([-3, -2, -1, 1, 1, 2, 3][generator.integer(0...6)]) })
        let axes = Tensor(shape.indices.map(Int64.init))
        let input = try counted(shape, bytes: [1, 2, 4, 8][seed % 4])
        let ranges = try Slice().ranges(
            of: Operands([input, starts, ends, axes, steps].map { .init(type: $0.type, constant: $0) }))
        try expect(.slice(Slice()), [input, starts, ends, axes, steps], constants: [1, 2, 3, 4]) { index in
            index.indices.map { ranges[$0].start + index[$0] * ranges[$0].step }
        }
    }

    @Test(arguments: 0..<60)
    func padsOfAllModes(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let mode: Pad.Mode = [.constant, .reflect, .edge, .wrap][seed % 4]
        let shape = generator.shape(rank: 1...4, extents: 3...7)
        let counts = (0..<(2 * shape.count)).map { _ in generator.integer(-1...4) }
        let input = try counted(shape, bytes: [1, 2, 4, 8][seed / 4 % 4])
        try expect(.pad(Pad(mode: mode)), [input, Tensor(counts.map(Int64.init))], constants: [1]) { index in
            var source: [Int] = []
            for (axis, position) in index.enumerated() {
                var place = position - counts[axis]
                let extent = shape[axis]
                while !(0..<extent).contains(place) {
                    switch mode {
                    case .constant: return nil
                    case .edge: place = place < 0 ? 0 : extent - 1
                    case .wrap: place += place < 0 ? extent : -extent
                    case .reflect: place = place < 0 ? -place : 2 * (extent - 1) - place
                    }
                }
                source.append(place)
            }
            return source
        }
    }

    @Test(arguments: 0..<20)
    func tilesExpandsAndGathers(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let shape = generator.shape(rank: 1...4, extents: 1...6)
        let input = try counted(shape, bytes: [1, 2, 4, 8][seed % 4])
        let repeats = generator.integers([shape.count], 1...3)
        try expect(.tile(Tile()), [input, repeats], constants: [1]) { zip($0, shape).map { $0 % $1 } }

        let wide = [3] + shape.map { $0 == 1 ? 4 : $0 }
        try expect(.expand(Expand()), [input, Tensor(wide.map(Int64.init))], constants: [1]) { index in
            zip(index.dropFirst(), shape).map { $1 == 1 ? 0 : $0 }
        }

        let axis = generator.integer(0...(shape.count - 1))
        let positions = generator.integers([2, 3], -shape[axis]...(shape[axis] - 1))
        let places = positions.elements(of: Int64.self).map { Int($0) < 0 ? Int($0) + shape[axis] : Int($0) }
        try expect(.gather(Gather(axis: axis)), [input, positions]) { index in
            index[..<axis] + [places[index[axis] * 3 + index[axis + 1]]] + index[(axis + 2)...]
        }
    }

    @Test(arguments: 0..<20)
    func splitsAreJoinedAgain(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        var shape = generator.shape(rank: 1...4, extents: 1...6)
        let axis = generator.integer(0...(shape.count - 1))
        let lengths = (0..<generator.integer(1...4)).map { _ in generator.integer(0...5) }
        shape[axis] = lengths.reduce(0, +)
        let input = try counted(shape, bytes: [1, 2, 4, 8][seed % 4])
        let parts = try KernelRunner.runOnThreads(
            .split(Split(axis: axis, parts: lengths.count)), [input, Tensor(lengths.map(Int64.init))], constants: [1])
        #expect(parts.map { $0.shape[axis] } == lengths)
        let whole = try KernelRunner.runOnThreads(.concatenation(Concatenation(axis: axis)), parts)[0]
        #expect(whole.hasSameBytes(as: input))
    }

    @Test func blocksAndChannelsTradePlaces() throws {
        let input = try counted([2, 12, 3, 5])
        for order in [BlockOrder.depthFirst, .columnFirst] {
            let spread = try KernelRunner.runOnThreads(
                .depthToSpace(DepthToSpace(blockSize: 2, order: order)), [input])[0]
            #expect(spread.shape == [2, 3, 6, 10])
            let back = try KernelRunner.runOnThreads(
                .spaceToDepth(SpaceToDepth(blockSize: 2, order: order)), [spread])[0]
            #expect(back.hasSameBytes(as: input))
        }
    }

    @Test func indicesOutOfRangeAreErrors() throws {
        let data = try counted([3, 4])
        for index in [3, -4, Int64.max, Int64.min] {
            let indices = Tensor([index])
            #expect(throws: KernelError.self) { try KernelRunner.run(.gather(Gather()), [data, indices]) }
            #expect(throws: KernelError.self) {
                try KernelRunner.run(
                    .gatherElements(GatherElements(axis: 0)), [data, indices.reshaped([1, 1])])
            }
            #expect(throws: KernelError.self) {
                try KernelRunner.run(.gatherND(GatherND()), [data, indices.reshaped([1, 1])])
            }
            #expect(throws: KernelError.self) {
                try KernelRunner.run(
                    .scatterND(ScatterND()), [data, indices.reshaped([1, 1]), try counted([1, 4])])
            }
        }
    }
}
