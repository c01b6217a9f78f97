import Graphs
import Kernels
import Tensors
import TestSupport
import Testing

/// Compiled stages against the interpreter on random graphs whose shapes depend on data.
@Suite struct DataDependentRunTests {
    @Test(arguments: 0..<60) func compiledStagesAgreeWithTheInterpreter(seed: Int) throws {
        let graph = RandomRows(seed: UInt64(seed)).graph
        try GraphValidator.check(graph)
        var random = SplitMix(UInt64(seed) &+ 1000)
        let compiled = try CompiledCase(graph)
        var program: StageProgram?
        for _ in 0..<8 {
            let inputs = RandomRows.inputs(&random)
            let feed: (String) -> StageValue? = { inputs[$0].map(StageValue.tensor) }
            let expected = Result { try Interpreter(graph: graph).run(feed) }
            let result = Result { try compiled.run(feed) }
            try expectSame(result, expected)
            // The same program several times, for inputs of types that it was not told of.
            guard case .success = expected else { continue }
            if program == nil { program = try compiled.open() }
            let again = try compiled.run(try #require(program), feed)
            try expectSame(.success(again), expected)
        }
    }

    /// A graph cut into parts, as over ranks: only tensors cross.
    @Test(arguments: 0..<30) func partsAgreeWithTheWhole(seed: Int) throws {
        let graph = RandomRows(seed: UInt64(seed) &+ 500).graph
        var random = SplitMix(UInt64(seed) &+ 2000)
        let compiled = try CompiledCase(graph)
        for _ in 0..<4 {
            let inputs = RandomRows.inputs(&random)
            let feed: (String) -> StageValue? = { inputs[$0].map(StageValue.tensor) }
            let expected = Result { try Interpreter(graph: graph).run(feed) }
            let parts = random.integer(2...4)
            try expectSame(Result { try compiled.run(feed, parts: parts) }, expected)
        }
    }

    private func expectSame(
        _ result: Result<[StageValue], any Error>, _ expected: Result<[StageValue], any Error>
    ) throws {
        switch (result, expected) {
        case (.success(let results), .success(let expected)):
            #expect(results.count == expected.count)
            for (result, wanted) in zip(results, expected) {
                try Agreement.check(result, wanted, rtol: 1e-5, atol: 1e-5)
            }
        case (.failure, .failure): break
        case (.failure(let error), .success): throw error
        case (.success, .failure(let error)): throw Failure("the interpreter alone says: \(error)")
        }
    }
}
