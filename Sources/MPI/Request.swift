internal import CMPI
internal import Tensors

/// A transfer that MPI carries out in the background, and the storage that must live as long.
///
/// All fields are trivial, and the storage is retained and released explicitly: a deinit can then leave to MPI the
/// memory that MPI may still access.
struct Request: ~Copyable {
    private var handle: CMPIRequest
    private let site: CallSite
    /// Nil for everything but a receive.
    private let expectation: Expectation?
    private let storage: Unmanaged<Storage>?
    private(set) var isComplete = false
    private var code = cmpi_success()
    /// Bytes received; -1 until then.
    private var byteCount = -1

    /// - Parameter storage: what MPI reads or writes until the transfer is complete.
    init(_ handle: CMPIRequest, site: CallSite, expectation: Expectation? = nil, storage: Storage?) {
        self.handle = handle
        self.site = site
        self.expectation = expectation
        self.storage = storage.map { Unmanaged.passRetained($0) }
    }

    /// Lets MPI work, and tells whether the transfer is over, with or without an error.
    mutating func test() -> Bool {
        if isComplete { return true }
        var status = MPI_Status()
        var done: Int32 = 0
        let code = cmpi_test(&handle, &done, &status)
        guard done != 0 || code != cmpi_success() else { return false }
        finish(code, status)
        return true
    }

    /// - Returns: the bytes received; without meaning for other transfers.
    mutating func wait() throws(MPIError) -> Int {
        if !isComplete {
            var status = MPI_Status()
            let code = cmpi_wait(&handle, &status)
            finish(code, status)
        }
        return try outcome()
    }

    mutating func wait(unless shouldStop: () -> Bool) throws(MPIError) -> Int {
        var patience = Patience()
        while !test() {
            if patience.isTimeToAsk(), shouldStop() {
                abandon()
                throw site.error(.stopped)
            }
            patience.pause()
        }
        return try outcome()
    }

    private func outcome() throws(MPIError) -> Int {
        if let expectation {
            try expectation.check(code, received: byteCount, site)
        } else {
            try check(code, site)
        }
        return byteCount
    }

    /// What the receive has filled of the tensor it was begun with.
    func filled(_ tensor: Tensor, received: Int) -> Tensor {
        guard let expectation else { return tensor }
        return expectation.filled(tensor, received: received)
    }

    private mutating func finish(_ code: Int32, _ status: MPI_Status) {
        self.code = code
        if expectation != nil { byteCount = status.byteCount }
        isComplete = true
        if cmpi_request_is_null(handle) == 0 { _ = cmpi_request_free(&handle) }
        storage?.release()
    }

    /// Gives the transfer up. Where it cannot be cancelled, its storage is left to MPI and never freed.
    mutating func abandon() {
        guard !isComplete else { return }
        isComplete = true
        if Request.giveUp(&handle, isReceive: expectation != nil, deadline: MPI_Wtime() + Request.abandonTime) {
            storage?.release()
        }
    }

    /// Seconds that a transfer given up is allowed to finish in.
    static let abandonTime = 0.2

    /// - Returns: whether MPI is done with the memory.
    static func giveUp(_ handle: inout CMPIRequest, isReceive: Bool, deadline: Double) -> Bool {
        guard cmpi_is_running() != 0, cmpi_request_is_null(handle) == 0 else { return true }
        // A send cannot be cancelled in today's MPIs, and a receive only until its message has begun to arrive.
        if isReceive { _ = cmpi_cancel(&handle) }
        var patience = Patience()
        repeat {
            var done: Int32 = 0
            var status = MPI_Status()
            if cmpi_test(&handle, &done, &status) != cmpi_success() || done != 0 { return true }
            patience.pause()
        } while MPI_Wtime() < deadline
        _ = cmpi_request_free(&handle)
        return false
    }

    deinit {
        guard !isComplete else { return }
        assertionFailure("\(site.call) was begun and never waited for: \(site.error(.misuse("dropped")))")
        if Request.droppedIsOver(handle, isReceive: expectation != nil) { storage?.release() }
    }

    private static func droppedIsOver(_ handle: CMPIRequest, isReceive: Bool) -> Bool {
        var handle = handle
        return giveUp(&handle, isReceive: isReceive, deadline: MPI_Wtime() + abandonTime)
    }
}
