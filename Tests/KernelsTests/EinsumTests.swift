import Graphs
import Tensors
import Testing

@testable import Kernels

/// Einstein sums against their definition.
struct EinsumTests {
    /// An equation, and what it means without being read: a letter for each axis, digits for those of an ellipsis.
    struct Case {
        var equation: String
        var axes: [[Character]]
        var output: [Character]
        var extents: [Character: Int]
        var shapes: [[Int]]
    }

    static func randomCase(_ seed: Int) -> Case {
        var generator = SeededGenerator(UInt64(seed) &* 7919 &+ 5)
        let letters = Array("abcdeXY".prefix(generator.integer(1...6)))
        let operandCount = [1, 2, 2, 2, 2, 3, 4][seed % 7]
        let largest = operandCount > 2 ? 3 : seed % 5 == 0 ? 20 : 5
        var extents: [Character: Int] = [:]
        for letter in letters { extents[letter] = generator.integer(1...4) }
        // One long axis at most, or the definition takes too long.
        extents[letters[0]] = generator.integer(1...largest)
        let hasEllipsis = seed % 3 == 0
        let hiddenCount = hasEllipsis ? generator.integer(0...2) : 0
        let hidden = (0..<hiddenCount).map { Character(String(hiddenCount - 1 - $0)) }
        for letter in hidden { extents[letter] = generator.integer(1...3) }

        var axes: [[Character]] = []
        var shapes: [[Int]] = []
        var terms: [String] = []
        for _ in 0..<operandCount {
            let named = (0..<generator.integer(0...4)).map { _ in letters[generator.integer(0...letters.count - 1)] }
            let shownHidden = hasEllipsis ? Array(hidden.suffix(generator.integer(0...hiddenCount))) : []
            let place = generator.integer(0...named.count)
            let all = Array(named[..<place]) + shownHidden + Array(named[place...])
            axes.append(all)
            // Sometimes an axis is stretched.
            shapes.append(all.map { generator.integer(0...9) == 0 ? 1 : extents[$0]! })
            terms.append(String(named[..<place]) + (hasEllipsis ? "..." : "") + String(named[place...]))
        }
        let used = Set(axes.joined())
        for letter in used {
            let seen = zip(axes, shapes).flatMap { zip($0, $1) }.filter { $0.0 == letter }.map(\.1)
            extents[letter] = seen.max()
        }
        let usedHidden = hidden.filter(used.contains)
        var output = letters.filter { used.contains($0) && generator.integer(0...2) > 0 }
        output.shuffle(using: &generator)
        var equation = terms.joined(separator: ",")
        if seed % 11 == 4 {
            let all = axes.joined().filter { letters.contains($0) }
            output = usedHidden + used.filter { letter in all.count(where: { $0 == letter }) == 1 }.sorted()
        } else {
            let place = generator.integer(0...output.count)
            equation += " -> " + String(output[..<place]) + (hasEllipsis ? "..." : "") + String(output[place...])
            output.insert(contentsOf: usedHidden, at: place)
        }
        return Case(equation: equation, axes: axes, output: output, extents: extents, shapes: shapes)
    }

    @Test(arguments: 0..<150)
    func agreesWithTheDefinition(seed: Int) throws {
        let test = Self.randomCase(seed)
        var generator = SeededGenerator(UInt64(seed) + 99)
        let operands = test.shapes.map { generator.floats($0) }
        let expected = naive(test, operands)
        for constants in [Set<Int>(), Set([operands.count - 1]), Set([0])] {
            let result = try KernelRunner.runOnThreads(
                .einsum(Einsum(test.equation)), operands, constants: constants)[0]
            #expect(result.shape == Shape(test.output.map { test.extents[$0]! }), "seed \(seed), \(test)")
            expectClose(result.elements(), expected, "seed \(seed), constants \(constants), \(test)")
        }
    }

    /// What XLNet, mixtures of experts and low-rank layers write, large enough for rows, columns and blocks.
    @Test(
        arguments: [
            ("ibh,hnd->ibnd", [[5, 3, 24], [24, 4, 8]]), ("ibnd,jbnd->bnij", [[17, 2, 3, 5], [19, 2, 3, 5]]),
            ("bnij,jbnd->ibnd", [[2, 3, 17, 19], [19, 2, 3, 5]]), ("ibnd,snd->ibns", [[9, 2, 3, 4], [2, 3, 4]]),
            ("ibnd,hnd->ibh", [[5, 3, 4, 8], [24, 4, 8]]), ("ijbs,ibns->bnij", [[4, 5, 2, 3], [4, 2, 6, 3]]),
            ("bij,bjk->bik", [[2, 300, 7], [2, 7, 270]]), ("bij,bjk->bki", [[2, 30, 7], [2, 7, 27]]),
            ("bhid,bhjd->bhij", [[2, 3, 6, 4], [2, 3, 7, 4]]), ("i,i->", [[5000], [5000]]), ("ii->", [[40, 40]]),
            ("ij,ij->i", [[30, 20], [30, 20]]), ("bc,oc,oi->bi", [[6, 20], [30, 20], [30, 18]]),
            ("abcd,dcef->faeb", [[3, 4, 5, 6], [6, 5, 3, 20]]), ("bchw,hkc->bkw", [[2, 5, 6, 7], [6, 18, 5]]),
        ] as [(String, [[Int]])])
    func agreesOnWhatModelsWrite(equation: String, shapes: [[Int]]) throws {
        let sides = equation.split(separator: ">").map { $0.filter { $0.isLetter || $0 == "," } }
        let axes = sides[0].split(separator: ",").map { Array($0) }
        var extents: [Character: Int] = [:]
        for (letters, shape) in zip(axes, shapes) {
            for (letter, extent) in zip(letters, shape) { extents[letter] = extent }
        }
        let test = Case(
            equation: equation, axes: axes, output: sides.count > 1 ? Array(sides[1]) : [], extents: extents,
            shapes: shapes)
        var generator = SeededGenerator(7)
        let operands = shapes.map { generator.floats($0) }
        let expected = naive(test, operands)
        for constants in [Set<Int>(), Set([operands.count - 1]), Set([0])] {
            let result = try KernelRunner.runOnThreads(.einsum(Einsum(equation)), operands, constants: constants)[0]
            expectClose(result.elements(), expected, "constants \(constants), \(equation)")
        }
    }

    @Test(arguments: [DType.float64, .float16, .bfloat16, .int32, .int64, .uint8, .int8], [0, 3, 5, 8, 13, 27])
    func otherTypesAgree(dtype: DType, seed: Int) throws {
        let test = Self.randomCase(seed)
        var generator = SeededGenerator(UInt64(seed))
        // Small whole numbers, which all types hold.
        let operands = try test.shapes.map { shape -> (Tensor, Tensor) in
            let tensor = generator.integers(shape, 0...2)
            return (
                try KernelRunner.run(.cast(Cast(to: .float32)), [tensor])[0],
                try KernelRunner.run(.cast(Cast(to: dtype)), [tensor])[0]
            )
        }
        let expected = naive(test, operands.map(\.0))
        guard expected.allSatisfy({ $0 <= 127 }) else { return }
        let result = try KernelRunner.runOnThreads(.einsum(Einsum(test.equation)), operands.map(\.1))[0]
        #expect(result.dtype == dtype)
        let floats = try KernelRunner.run(.cast(Cast(to: .float32)), [result])[0]
        #expect(floats.elements(of: Float.self) == expected, "\(test)")
    }

    @Test func emptyAxesGiveZerosOrNothing() throws {
        let empty = Tensor([Float](), shape: [2, 0])
        let other = Tensor([Float](), shape: [0, 3])
        let sum = try KernelRunner.runOnThreads(.einsum(Einsum("ij,jk->ik")), [empty, other])[0]
        #expect(sum.elements(of: Float.self) == [Float](repeating: 0, count: 6))
        let none = try KernelRunner.runOnThreads(.einsum(Einsum("ij->ji")), [empty])[0]
        #expect(none.shape == [0, 2])
    }

    private func naive(_ test: Case, _ operands: [Tensor]) -> [Float] {
        let elements = operands.map { $0.elements(of: Float.self) }
        let summed = Set(test.axes.joined()).subtracting(test.output).sorted()
        let letters = test.output + summed
        let steps = test.axes.indices.map { operand -> [Int] in
            let strides = Shape(test.shapes[operand]).strides
            return letters.map { letter in
                test.axes[operand].indices.filter { test.axes[operand][$0] == letter && test.shapes[operand][$0] > 1 }
                    .reduce(0) { $0 + strides[$1] }
            }
        }
        let sumCount = summed.reduce(1) { $0 * test.extents[$1]! }
        var index = [Int](repeating: 0, count: letters.count)
        let count = letters.reduce(1) { $0 * test.extents[$1]! } / max(sumCount, 1)
        var results: [Float] = []
        for _ in 0..<count {
            var sum = 0.0
            for _ in 0..<sumCount {
                var product = 1.0
                for operand in operands.indices {
                    var place = 0
                    for axis in letters.indices { place += steps[operand][axis] * index[axis] }
                    product *= Double(elements[operand][place])
                }
                sum += product
                var axis = letters.count - 1
                while axis >= 0 {
                    index[axis] += 1
                    if index[axis] < test.extents[letters[axis]]! { break }
                    index[axis] = 0
                    axis -= 1
                }
            }
            results.append(Float(sum))
        }
        return results
    }
}
