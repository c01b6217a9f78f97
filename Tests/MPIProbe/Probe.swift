import MPI
import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

typealias ProbeCase = (name: String, run: @Sendable (Probe) throws -> Void)

/// What a case is given: the job it runs in, and how to say that something is wrong.
struct Probe {
    let session: MPISession
    let name: String

    init(_ session: MPISession, _ name: String) {
        self.session = session
        self.name = name
    }

    var world: Communicator { session.world }
    var rank: Int { world.rank }
    var size: Int { world.size }

    func fail(_ text: String) -> Never {
        let line = "rank \(rank) of \(size), \(name): \(text)\n"
        write(STDERR_FILENO, line, line.utf8.count)
        session.abort(code: 1)
    }

    func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition { fail(text()) }
    }

    func expectEqual<Value: Equatable>(_ value: Value, _ expected: Value, _ what: String) {
        guard value != expected else { return }
        fail("\(what) is \(String(describing: value).prefix(500)), not \(String(describing: expected).prefix(500))")
    }

    /// The error that the body must throw.
    func expectError(_ what: String, _ body: () throws(MPIError) -> Void) -> MPIError {
        do throws(MPIError) { try body() } catch { return error }
        fail("\(what) did not fail")
    }

    /// The world itself, and a copy in which anything above 100 bytes is a very large message.
    func worldAndPieces() throws(MPIError) -> [Communicator] { [world, try world.duplicate(largestCount: 100)] }
}

/// A tensor whose elements tell who sent it and at which places they were.
func pattern(_ seed: Int, count: Int) -> Tensor {
    Tensor((0..<count).map { Float(seed * 1000) + Float($0 % 997) })
}
