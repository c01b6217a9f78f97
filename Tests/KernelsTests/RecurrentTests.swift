import Graphs
import Tensors
import Testing

@testable import Kernels

/// Recurrent operators against their definition.
struct RecurrentTests {
    private enum Kind: CaseIterable {
        case rnn, lstm, coupledLSTM, gru, gruResettingAfter

        var gates: Int {
            switch self {
            case .rnn: 1
            case .lstm, .coupledLSTM: 4
            case .gru, .gruResettingAfter: 3
            }
        }
        var functions: [RecurrentActivation.Function] {
            switch self {
            case .rnn: [.tanh]
            case .lstm, .coupledLSTM: [.sigmoid, .tanh, .tanh]
            case .gru, .gruResettingAfter: [.sigmoid, .tanh]
            }
        }
        func operation(_ recurrence: Recurrence) -> Operation {
            switch self {
            case .rnn: .rnn(RNN(recurrence))
            case .lstm: .lstm(LSTM(recurrence))
            case .coupledLSTM: .lstm(LSTM(recurrence, couplesInputAndForget: true))
            case .gru: .gru(GRU(recurrence))
            case .gruResettingAfter: .gru(GRU(recurrence, resetsAfterProduct: true))
            }
        }
        var isLSTM: Bool { self == .lstm || self == .coupledLSTM }
    }

    /// One use with random sizes, and operands for it.
    private struct Use {
        var kind: Kind
        var recurrence: Recurrence
        var steps: Int
        var batch: Int
        var input: Int
        var hidden: Int
        var operands: [Tensor?]

        var directions: Int { recurrence.direction.count }

        init(_ kind: Kind, seed: Int, hidden: ClosedRange<Int> = 1...40, batch: ClosedRange<Int> = 0...15) {
            var generator = SeededGenerator(UInt64(seed))
            self.kind = kind
            let direction: Recurrence.Direction = [.forward, .reverse, .bidirectional][generator.integer(0...2)]
            var functions: [RecurrentActivation] = []
            for function in (0..<direction.count).flatMap({ _ in kind.functions }) {
                let cases = RecurrentActivation.Function.allCases
                let chosen = seed % 3 == 0 ? cases[generator.integer(0...cases.count - 1)] : function
                functions.append(RecurrentActivation(chosen, alpha: 0.4, beta: 0.3))
            }
            recurrence = Recurrence(
                direction: direction, activations: functions, clip: generator.integer(0...2) == 0 ? 0.6 : nil,
                isBatchMajor: generator.integer(0...2) == 0)
            (steps, self.batch) = (generator.integer(0...9), generator.integer(batch))
            (self.input, self.hidden) = (generator.integer(0...20), generator.integer(hidden))
            let count = direction.count
            func state() -> Tensor? {
                generator.integer(0...1) == 0
                    ? nil
                    : generator.floats(
                        recurrence.isBatchMajor
                            ? [self.batch, count, self.hidden] : [count, self.batch, self.hidden])
            }
            let rows = kind.gates * self.hidden
            // Weights that make no state grow from step to step, which would make rounding grow with it.
            let damping = 1 / Float(self.hidden).squareRoot()
            let recurrent = generator.floats([count, rows, self.hidden])
            operands = [
                generator.floats(recurrence.isBatchMajor ? [self.batch, steps, input] : [steps, self.batch, input]),
                generator.floats([count, rows, input]),
                Tensor(recurrent.elements(of: Float.self).map { $0 * damping }, shape: recurrent.shape),
                generator.integer(0...2) == 0 ? nil : generator.floats([count, 2 * rows]),
            ]
            let hasLengths = generator.integer(0...1) == 0
            operands.append(
                hasLengths
                    ? Tensor((0..<self.batch).map { _ in Int32(generator.integer(0...steps)) }) : nil)
            operands.append(state())
            if kind.isLSTM {
                operands.append(state())
                operands.append(generator.integer(0...1) == 0 ? nil : generator.floats([count, 3 * self.hidden]))
            }
        }

        private func values(_ index: Int) -> [Double]? {
            index < operands.count ? operands[index]?.elements(of: Float.self).map(Double.init) : nil
        }

        /// The results in float64: states of all steps, last states, last cells.
        func expected() -> [[Float]] {
            let (x, w, r, b) = (values(0)!, values(1)!, values(2)!, values(3))
            let lengths = operands[4]?.elements(of: Int32.self)
            let (initial, initialCell, peepholes) = (values(5), values(6), values(7))
            let rows = kind.gates * hidden
            var all = [Double](repeating: 0, count: steps * batch * directions * hidden)
            var last = [[Double]](repeating: .init(repeating: 0, count: batch * directions * hidden), count: 2)
            for direction in 0..<directions {
                let count = kind.functions.count
                let functions = recurrence.activations[direction * count..<(direction + 1) * count].map {
                    $0.evaluation()
                }
                for item in 0..<batch {
                    let start =
                        (recurrence.isBatchMajor ? item * directions + direction : direction * batch + item) * hidden
                    var h = (0..<hidden).map { initial?[start + $0] ?? 0 }
                    var c = (0..<hidden).map { initialCell?[start + $0] ?? 0 }
                    let length = lengths.map { Int($0[item]) } ?? steps
                    let isReversed = recurrence.direction == .reverse || direction == 1
                    let times = isReversed ? Array((0..<length).reversed()) : Array(0..<length)
                    func clipped(_ value: Double) -> Double {
                        guard let clip = recurrence.clip.map(Double.init) else { return value }
                        return min(max(value, -clip), clip)
                    }
                    func inner(_ matrix: [Double], _ row: Int, _ vector: [Double]) -> Double {
                        let base = (direction * rows + row) * vector.count
                        return vector.indices.reduce(0) { $0 + matrix[base + $1] * vector[$1] }
                    }
                    func bias(_ row: Int) -> Double { b?[direction * 2 * rows + row] ?? 0 }
                    func peephole(_ row: Int) -> Double { peepholes?[direction * 3 * hidden + row] ?? 0 }
                    for time in times {
                        let place = (recurrence.isBatchMajor ? item * steps + time : time * batch + item) * input
                        let from = Array(x[place..<place + input])
                        func sum(_ gate: Int, _ unit: Int) -> Double {
                            let row = gate * hidden + unit
                            return inner(w, row, from) + inner(r, row, h) + bias(row) + bias(rows + row)
                        }
                        var next = h
                        switch kind {
                        case .rnn: for unit in 0..<hidden { next[unit] = functions[0](clipped(sum(0, unit))) }
                        case .lstm, .coupledLSTM:
                            for unit in 0..<hidden {
                                let i = functions[0](clipped(sum(0, unit) + peephole(unit) * c[unit]))
                                let f =
                                    kind == .coupledLSTM
                                    ? 1 - i
                                    : functions[0](clipped(sum(2, unit) + peephole(2 * hidden + unit) * c[unit]))
                                c[unit] = f * c[unit] + i * functions[1](clipped(sum(3, unit)))
                                let o = functions[0](clipped(sum(1, unit) + peephole(hidden + unit) * c[unit]))
                                next[unit] = o * functions[2](c[unit])
                            }
                        case .gru, .gruResettingAfter:
                            let reset = (0..<hidden).map { functions[0](clipped(sum(1, $0))) }
                            let masked = (0..<hidden).map { reset[$0] * h[$0] }
                            for unit in 0..<hidden {
                                let z = functions[0](clipped(sum(0, unit)))
                                let row = 2 * hidden + unit
                                let ofState =
                                    kind == .gru
                                    ? inner(r, row, masked) + bias(rows + row)
                                    : reset[unit] * (inner(r, row, h) + bias(rows + row))
                                let candidate = functions[1](clipped(inner(w, row, from) + bias(row) + ofState))
                                next[unit] = (1 - z) * candidate + z * h[unit]
                            }
                        }
                        h = next
                        let row =
                            recurrence.isBatchMajor
                            ? (item * steps + time) * directions + direction
                            : (time * directions + direction) * batch + item
                        for unit in 0..<hidden { all[row * hidden + unit] = h[unit] }
                    }
                    guard length > 0 || lengths == nil else { continue }
                    for unit in 0..<hidden {
                        last[0][start + unit] = h[unit]
                        last[1][start + unit] = c[unit]
                    }
                }
            }
            return ([all, last[0]] + (kind.isLSTM ? [last[1]] : [])).map { $0.map(Float.init) }
        }
    }

    @Test(arguments: 0..<45)
    func followTheirDefinition(seed: Int) throws {
        let use = Use(Kind.allCases[seed % Kind.allCases.count], seed: seed)
        let expected = use.expected()
        // Weights that are known when the kernel is made, and weights that are not.
        for constants in [Set([1, 2, 3]), []] {
            let results = try KernelRunner.runOnThreads(
                use.kind.operation(use.recurrence), use.operands, constants: constants)
            #expect(results.count == expected.count)
            for (result, expected) in zip(results, expected) {
                expectClose(
                    result.elements(), expected, tolerance: 5e-5,
                    "\(use.kind), seed \(seed), constants \(constants), \(use.recurrence)")
            }
        }
    }

    /// Wide enough for the threads to share the blocks of a step.
    @Test(arguments: 0..<5)
    func bitsDoNotHangOnThreads(seed: Int) throws {
        var use = Use(Kind.allCases[seed], seed: 3 * seed + 1, hidden: 290...300, batch: 17...18)
        use.recurrence.activations = (0..<use.directions).flatMap { _ in
            use.kind.functions.map { RecurrentActivation($0) }
        }
        _ = try KernelRunner.runOnThreads(use.kind.operation(use.recurrence), use.operands, constants: [1, 2])
    }

    @Test(arguments: 0..<15)
    func float64FollowsTheDefinition(seed: Int) throws {
        let use = Use(Kind.allCases[seed % Kind.allCases.count], seed: seed, hidden: 1...6, batch: 0...4)
        let operands = use.operands.map { tensor -> Tensor? in
            guard let tensor, tensor.dtype == .float32 else { return tensor }
            return Tensor(tensor.elements(of: Float.self).map(Double.init), shape: tensor.shape)
        }
        let results = try KernelRunner.runOnThreads(use.kind.operation(use.recurrence), operands)
        for (result, expected) in zip(results, use.expected()) {
            expectClose(
                result.elements(of: Double.self).map(Float.init), expected, tolerance: 1e-6, "\(use.kind), seed \(seed)"
            )
        }
    }

    @Test(arguments: [DType.float16, .bfloat16])
    func halfPrecisionIsWidened(dtype: DType) throws {
        let use = Use(.lstm, seed: 7, hidden: 5...9, batch: 2...3)
        func converted(_ tensor: Tensor, to target: DType) throws -> Tensor {
            let type = TensorType(target, tensor.shape)
            return try ConstantEvaluation.evaluate(.cast(Cast(to: target)), operands: [tensor], outputs: [type])[0]
        }
        var narrow: [Tensor?] = []
        var wide = use
        for (index, tensor) in use.operands.enumerated() {
            guard let tensor, tensor.dtype == .float32 else {
                narrow.append(tensor)
                continue
            }
            narrow.append(try converted(tensor, to: dtype))
            wide.operands[index] = try converted(narrow[index]!, to: .float32)
        }
        let results = try KernelRunner.run(use.kind.operation(use.recurrence), narrow, constants: [1, 2])
        for (result, expected) in zip(results, wide.expected()) {
            #expect(result.dtype == dtype)
            expectClose(
                try converted(result, to: .float32).elements(), expected, tolerance: dtype == .float16 ? 1e-3 : 8e-3,
                "\(dtype)")
        }
    }

    @Test func aLengthPastTheEndIsRefused() throws {
        var use = Use(.rnn, seed: 4, hidden: 3...3, batch: 2...2)
        use.operands[4] = Tensor([Int32(use.steps), Int32(use.steps + 1)])
        #expect(throws: KernelError.self) {
            try KernelRunner.run(use.kind.operation(use.recurrence), use.operands)
        }
        use.operands[4] = Tensor([Int32(-1), 0])
        #expect(throws: KernelError.self) {
            try KernelRunner.run(use.kind.operation(use.recurrence), use.operands)
        }
    }
}
