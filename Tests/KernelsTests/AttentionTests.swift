import Graphs
import Tensors
import Testing

@testable import Kernels

/// Attention in all its forms against the definition, number by number.
@Suite struct AttentionTests {
    /// One random attention: attributes, operands, and how they are to be read.
    private struct Trial {
        var attention = Attention()
        var batch = 1, queryHeads = 1, keyHeads = 1, queries = 1, past = 0, new = 1, headDim = 1, valueDim = 1
        var operands: [Tensor?] = []
        var isFlat = false
        var counts: [Int64]?

        var keys: Int { past + new }

        init(_ random: inout SeededGenerator) {
            batch = random.integer(1...2)
            keyHeads = random.integer(1...2)
            queryHeads = keyHeads * random.integer(1...2)
            queries = random.integer(1...45)
            new = random.integer(1...50)
            headDim = random.integer(1...20)
            valueDim = random.integer(1...20)
            isFlat = random.integer(0...2) == 0
            attention.isCausal = random.integer(0...1) == 0
            if random.integer(0...3) == 0 { attention.softcap = 0.7 }
            if random.integer(0...2) == 0 { attention.scale = 0.4 }
            if random.integer(0...3) == 0 { attention.leftWindow = random.integer(0...20) }
            if random.integer(0...3) == 0 { attention.rightWindow = random.integer(0...20) }
            if isFlat {
                attention.queryHeads = queryHeads
                attention.keyHeads = keyHeads
            } else {
                func layout() -> Attention.Layout { random.integer(0...1) == 0 ? .headsFirst : .sequenceFirst }
                attention.queryLayout = layout()
                attention.keyLayout = layout()
                attention.valueLayout = layout()
                attention.outputLayout = layout()
            }
            func tensor(_ layout: Attention.Layout, _ heads: Int, _ rows: Int, _ columns: Int) -> Tensor {
                if isFlat { return random.floats([batch, rows, heads * columns]) }
                return random.floats(
                    layout == .headsFirst ? [batch, heads, rows, columns] : [batch, rows, heads, columns])
            }
            operands = [
                tensor(attention.queryLayout, queryHeads, queries, headDim),
                tensor(attention.keyLayout, keyHeads, new, headDim),
                tensor(attention.valueLayout, keyHeads, new, valueDim),
            ]
            let hasCounts = random.integer(0...3) == 0
            if !hasCounts, random.integer(0...1) == 0 { past = random.integer(1...20) }
            operands.append(mask(&random))
            if past > 0 {
                operands.append(random.floats([batch, keyHeads, past, headDim]))
                operands.append(random.floats([batch, keyHeads, past, valueDim]))
            } else {
                operands += [nil, nil]
            }
            if hasCounts {
                let counts = (0..<batch).map { _ in Int64(random.integer(0...keys)) }
                self.counts = counts
                operands.append(Tensor(counts))
            }
        }

        private func mask(_ random: inout SeededGenerator) -> Tensor? {
            let full = [batch, queryHeads, queries, keys]
            var shape = full.map { random.integer(0...2) == 0 ? 1 : $0 }
            if random.integer(0...3) == 0, keys > 3 { shape[3] = keys - 2 }
            shape.removeFirst(random.integer(0...3))
            switch random.integer(0...2) {
            case 0: return nil
            case 1:
                let flags = (0..<shape.reduce(1, *)).map { _ in random.integer(0...3) > 0 }
                return Tensor(flags, shape: Shape(shape))
            default:
                let numbers = (0..<shape.reduce(1, *)).map { _ in
                    random.integer(0...7) == 0 ? -Float.infinity : Float.random(in: -1...1, using: &random)
                }
                return Tensor(numbers, shape: Shape(shape))
            }
        }

        /// Where an element lies in an operand of heads.
        func offset(
            _ layout: Attention.Layout, _ heads: Int, _ rows: Int, _ columns: Int, _ at: (Int, Int, Int, Int)
        ) -> Int {
            let (batch, head, row, column) = at
            return isFlat || layout == .sequenceFirst
                ? ((batch * rows + row) * heads + head) * columns + column
                : ((batch * heads + head) * rows + row) * columns + column
        }
    }

    private struct Expected {
        var output: [Float]
        var probabilities: [Float]
        var masked: [Float]
    }

    /// By the definition, in float64.
    private func expected(_ trial: Trial) -> Expected {
        let t = trial
        let floats = t.operands.map { $0.map { $0.dtype == .float32 ? $0.elements(of: Float.self) : [] } ?? [] }
        let flags = t.operands[3].flatMap { $0.dtype == .bool ? $0.elements(of: Bool.self) : nil }
        var output = [Float](repeating: .nan, count: t.batch * t.queryHeads * t.queries * t.valueDim)
        var probabilities: [Float] = []
        var masked: [Float] = []
        let scale = Double(t.attention.scale ?? 1 / Float(t.headDim).squareRoot())
        for batch in 0..<t.batch {
            for head in 0..<t.queryHeads {
                let shared = head / (t.queryHeads / t.keyHeads)
                for query in 0..<t.queries {
                    var scores: [Double] = []
                    let count = t.counts.map { Int($0[batch]) } ?? t.keys
                    let position = query + (t.counts == nil ? t.past : count - t.queries)
                    for key in 0..<t.keys {
                        var sum = 0.0
                        for column in 0..<t.headDim {
                            let q = floats[0][
                                t.offset(
                                    t.attention.queryLayout, t.queryHeads, t.queries, t.headDim,
                                    (batch, head, query, column))]
                            let k =
                                key < t.past
                                ? floats[4][((batch * t.keyHeads + shared) * t.past + key) * t.headDim + column]
                                : floats[1][
                                    t.offset(
                                        t.attention.keyLayout, t.keyHeads, t.new, t.headDim,
                                        (batch, shared, key - t.past, column))]
                            sum += Double(q) * Double(k)
                        }
                        sum *= scale
                        if t.attention.softcap != 0 {
                            let cap = Double(t.attention.softcap)
                            // tanh through the exponential.
                            let e = exponential(2 * sum / cap)
                            sum = cap * (e - 1) / (e + 1)
                        }
                        if let mask = t.operands[3] {
                            let shape = [Int](repeating: 1, count: 4 - mask.shape.rank) + mask.shape.dimensions
                            if shape[3] != 1, key >= shape[3] {
                                sum = -.infinity
                            } else {
                                let place = offset(
                                    zip([batch, head, query, key], shape).map { $1 == 1 ? 0 : $0 }, shape)
                                if let flags {
                                    sum = flags[place] ? sum : -.infinity
                                } else {
                                    sum += Double(floats[3][place])
                                }
                            }
                        }
                        if key >= count { sum = -.infinity }
                        if t.attention.isCausal, key > position { sum = -.infinity }
                        if let left = t.attention.leftWindow, key < position - left { sum = -.infinity }
                        if let right = t.attention.rightWindow, key > position + right { sum = -.infinity }
                        scores.append(sum)
                    }
                    masked += scores.map { Float($0) }
                    let largest = scores.max() ?? 0
                    var weights = scores.map { $0 == -.infinity ? 0 : exponential($0 - largest) }
                    let sum = weights.reduce(0, +)
                    weights = weights.map { sum == 0 ? 0 : $0 / sum }
                    probabilities += weights.map { Float($0) }
                    for column in 0..<t.valueDim {
                        var total = 0.0
                        for key in 0..<t.keys {
                            let v =
                                key < t.past
                                ? floats[5][((batch * t.keyHeads + shared) * t.past + key) * t.valueDim + column]
                                : floats[2][
                                    t.offset(
                                        t.attention.valueLayout, t.keyHeads, t.new, t.valueDim,
                                        (batch, shared, key - t.past, column))]
                            total += weights[key] * Double(v)
                        }
                        output[
                            t.offset(
                                t.attention.outputLayout, t.queryHeads, t.queries, t.valueDim,
                                (batch, head, query, column))] = Float(total)
                    }
                }
            }
        }
        return Expected(output: output, probabilities: probabilities, masked: masked)
    }

    /// exp by its series on a small argument, squared up again: without a library of this project or the system.
    private func exponential(_ x: Double) -> Double {
        if x < -700 { return 0 }
        let halvings = 12
        let small = x / Double(1 << halvings)
        var term = 1.0
        var sum = 1.0
        for step in 1..<18 {
            term *= small / Double(step)
            sum += term
        }
        for _ in 0..<halvings { sum *= sum }
        return sum
    }

    @Test("the fast kernel agrees with the definition, on any number of threads")
    func fast() throws {
        var random = SeededGenerator(71)
        for number in 0..<80 {
            let trial = Trial(&random)
            let results = try KernelRunner.runOnThreads(.attention(trial.attention), trial.operands, wanted: [0])
            expectClose(
                results[0].elements(of: Float.self), expected(trial).output, tolerance: 2e-5,
                "trial \(number): \(trial.attention), \(trial.operands.map { $0?.shape.description ?? "-" })")
        }
    }

    @Test("the complete kernel agrees with the definition, scores included")
    func complete() throws {
        var random = SeededGenerator(72)
        for number in 0..<40 {
            var trial = Trial(&random)
            trial.attention.scores = number % 2 == 0 ? .probabilities : .masked
            let results = try KernelRunner.runOnThreads(.attention(trial.attention), trial.operands)
            let expected = expected(trial)
            let comment = "trial \(number): \(trial.attention), \(trial.operands.map { $0?.shape.description ?? "-" })"
            expectClose(results[0].elements(of: Float.self), expected.output, tolerance: 2e-5, comment)
            let wanted = number % 2 == 0 ? expected.probabilities : expected.masked
            let scores = results[3].elements(of: Float.self)
            #expect(zip(scores, wanted).allSatisfy { ($0 == -.infinity) == ($1 == -.infinity) }, "\(comment)")
            expectClose(
                scores.map { $0 == -.infinity ? 0 : $0 }, wanted.map { $0 == -.infinity ? 0 : $0 }, tolerance: 2e-5,
                comment)
            try checkPresent(trial, keys: results[1], values: results[2], comment)
        }
    }

    private func checkPresent(_ trial: Trial, keys: Tensor, values: Tensor, _ comment: String) throws {
        let shape = [trial.batch, trial.keyHeads, trial.keys]
        for (present, past, new, layout, depth) in [
            (keys, 4, 1, trial.attention.keyLayout, trial.headDim),
            (values, 5, 2, trial.attention.valueLayout, trial.valueDim),
        ] {
            #expect(present.shape.dimensions == shape + [depth])
            let numbers = present.elements(of: Float.self)
            let pastNumbers = trial.operands[past]?.elements(of: Float.self) ?? []
            let newNumbers = trial.operands[new]!.elements(of: Float.self)
            let agree = indices(of: shape + [depth]).allSatisfy { at in
                let number = numbers[offset(at, shape + [depth])]
                guard at[2] >= trial.past else {
                    return number == pastNumbers[offset(at, [shape[0], shape[1], trial.past, depth])]
                }
                let place = trial.offset(
                    layout, trial.keyHeads, trial.new, depth, (at[0], at[1], at[2] - trial.past, at[3]))
                return number == newNumbers[place]
            }
            #expect(agree, "\(comment)")
        }
    }

    @Test("a query has the same bits whatever stands beside it")
    func rowsDoNotMatterToEachOther() throws {
        var random = SeededGenerator(73)
        let (q, k, v) = (random.floats([1, 2, 50, 24]), random.floats([1, 2, 77, 24]), random.floats([1, 2, 77, 16]))
        let all = try KernelRunner.run(.attention(Attention()), [q, k, v], wanted: [0])[0].elements(of: Float.self)
        let queries = q.elements(of: Float.self)
        for query in [0, 7, 31, 32, 49] {
            var rows: [Float] = []
            for head in 0..<2 {
                let start = (head * 50 + query) * 24
                rows += queries[start..<(start + 24)]
            }
            let one = try KernelRunner.run(
                .attention(Attention()), [Tensor(rows, shape: [1, 2, 1, 24]), k, v], wanted: [0])[0]
            let numbers = one.elements(of: Float.self)
            for head in 0..<2 {
                let start = (head * 50 + query) * 16
                let alone = numbers[(head * 16)..<((head + 1) * 16)].map(\.bitPattern)
                let among = all[start..<(start + 16)].map(\.bitPattern)
                #expect(alone == among)
            }
        }
    }

    @Test("a row without keys is zero, or not a number where the graph had it so")
    func emptyRows() throws {
        var random = SeededGenerator(74)
        let flags: [Bool] = (0..<15).map { $0 >= 5 }
        let operands: [Tensor?] = [
            random.floats([1, 1, 3, 4]), random.floats([1, 1, 5, 4]), random.floats([1, 1, 5, 4]),
            Tensor(flags, shape: [3, 5]),
        ]
        for wanted in [Set([0]), [0, 3]] {
            let zero = try KernelRunner.run(.attention(Attention()), operands, wanted: wanted)[0]
            #expect(zero.elements(of: Float.self)[..<4].allSatisfy { $0 == 0 })
            let none = try KernelRunner.run(
                .attention(Attention(zeroesEmptyRows: false)), operands, wanted: wanted)[0].elements(of: Float.self)
            #expect(none[..<4].allSatisfy { $0.isNaN })
            #expect(none[4...].allSatisfy { $0.isFinite })
        }
    }

    @Test("operands that do not fit are refused")
    func refusals() {
        func type(_ shape: [Int], _ dtype: DType = .float32) -> TensorType { TensorType(dtype, Shape(shape)) }
        let (q, k) = (type([2, 3, 5, 4]), type([2, 3, 7, 4]))
        let cases: [(String, Attention, [TensorType?])] = [
            ("rank", Attention(), [type([5, 4]), k, k]),
            ("heads unknown", Attention(), [type([2, 5, 12]), type([2, 7, 12]), type([2, 7, 12])]),
            (
                "heads", Attention(queryHeads: 5, keyHeads: 5),
                [type([2, 5, 12]), type([2, 7, 12]), type([2, 7, 12])]
            ),
            ("shared heads", Attention(), [q, type([2, 2, 7, 4]), type([2, 2, 7, 4])]),
            ("head extents", Attention(), [q, type([2, 3, 7, 5]), k]),
            ("values", Attention(), [q, k, type([2, 3, 6, 4])]),
            ("batch", Attention(), [q, type([3, 3, 7, 4]), type([3, 3, 7, 4])]),
            ("dtype", Attention(), [q, k, type([2, 3, 7, 4], .float64)]),
            ("mask", Attention(), [q, k, k, type([4, 7])]),
            ("mask's dtype", Attention(), [q, k, k, type([5, 7], .int64)]),
            ("mask's length", Attention(), [q, k, k, type([5, 8], .bool)]),
            ("half a past", Attention(), [q, k, k, nil, type([2, 3, 2, 4])]),
            ("past", Attention(), [q, k, k, nil, type([2, 3, 2, 4]), type([2, 3, 3, 4])]),
            ("counts", Attention(), [q, k, k, nil, nil, nil, type([3], .int64)]),
            (
                "counts and past", Attention(),
                [q, k, k, nil, type([2, 3, 2, 4]), type([2, 3, 2, 4]), type([2], .int64)]
            ),
        ]
        for (name, attention, types) in cases {
            #expect(throws: InferenceError.self, "\(name)") {
                try attention.outputTypes(of: Operands(types.map { $0.map { .init(type: $0) } }))
            }
        }
    }
}
