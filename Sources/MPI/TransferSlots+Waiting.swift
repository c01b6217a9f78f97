internal import CMPI
public import Tensors

extension TransferSlots {
    /// Lets MPI work on all that is outstanding, and notes what is over. Cheap enough to be called between kernels;
    /// large messages make no progress without it.
    ///
    /// A transfer that failed counts as complete; its error comes from waiting for it.
    ///
    /// - Returns: how many transfers are newly complete.
    @discardableResult
    public mutating func progress() throws(MPIError) -> Int {
        guard outstandingCount > 0 else { return 0 }
        var count: Int32 = 0
        let code = cmpi_testsome(Int32(requestCount), requests, &count, indices, statuses)
        let areFailuresInStatuses = code == cmpi_err_in_status()
        if !areFailuresInStatuses { try check(code, CallSite(call: "MPI_Testsome")) }
        guard count > 0, count != cmpi_undefined() else { return 0 }
        let outstandingBefore = outstandingCount
        for index in 0..<Int(count) {
            let status = statuses[index]
            // Only then does MPI fill in the statuses' own codes.
            finish(request: Int(indices[index]), areFailuresInStatuses ? status.MPI_ERROR : cmpi_success(), status)
        }
        return outstandingBefore - outstandingCount
    }

    /// Waits until the tensor sent from this slot may be written again, and makes the slot idle.
    /// - Precondition: a send was posted in it.
    public mutating func wait(send slot: Int) throws(MPIError) {
        precondition(self[slot].pointee.content == .send, "slot \(slot) holds no send")
        complete(slot)
        try clear(slot)
    }

    /// As `wait(send:)`, but stops when `shouldStop` returns true; it is called about every 100 microseconds.
    /// - Throws: `.stopped` then; the send stays outstanding.
    public mutating func wait(send slot: Int, unless shouldStop: () -> Bool) throws(MPIError) {
        precondition(self[slot].pointee.content == .send, "slot \(slot) holds no send")
        try complete(slot, unless: shouldStop)
        try clear(slot)
    }

    /// Waits for the message of this slot, and makes the slot idle.
    ///
    /// - Returns: the tensor asked for, or its first rows where fewer were allowed and sent.
    /// - Throws: `.messageTooLong`, `.messageTooShort` or `.messageTorn` where the message does not fit the type.
    /// - Precondition: a receive was posted in it.
    public mutating func wait(receive slot: Int) throws(MPIError) -> Tensor {
        precondition(self[slot].pointee.content == .receive, "slot \(slot) holds no receive")
        complete(slot)
        return try takeReceived(slot)
    }

    /// As `wait(receive:)`, but stops when `shouldStop` returns true; it is called about every 100 microseconds.
    /// - Throws: `.stopped` then; the receive stays outstanding.
    public mutating func wait(receive slot: Int, unless shouldStop: () -> Bool) throws(MPIError) -> Tensor {
        precondition(self[slot].pointee.content == .receive, "slot \(slot) holds no receive")
        try complete(slot, unless: shouldStop)
        return try takeReceived(slot)
    }

    /// Waits until at least one outstanding transfer is complete, but stops when `shouldStop` returns true.
    ///
    /// - Returns: how many are newly complete; 0 where none is outstanding.
    public mutating func waitForAny(unless shouldStop: () -> Bool) throws(MPIError) -> Int {
        guard outstandingCount > 0 else { return 0 }
        var patience = Patience()
        while true {
            let count = try progress()
            if count > 0 { return count }
            if patience.isTimeToAsk(), shouldStop() { throw CallSite(call: "MPI_Testsome").error(.stopped) }
            patience.pause()
        }
    }

    /// Gives all transfers up, for a job that has failed, and makes the slots idle. Memory that MPI may still access is
    /// left to it and never freed.
    public mutating func abandonAll() {
        giveUpAll()
        for slot in 0..<capacity { slots[slot] = Slot() }
        for request in 0..<requestCount { requests[request] = cmpi_request_null() }
        outstandingCount = 0
    }

    private mutating func complete(_ slot: Int) {
        for request in requestRanges[slot] where isOpen(request) {
            var status = MPI_Status()
            let code = cmpi_wait(&requests[request], &status)
            finish(request: request, code, status)
        }
    }

    private mutating func complete(_ slot: Int, unless shouldStop: () -> Bool) throws(MPIError) {
        var patience = Patience()
        for request in requestRanges[slot] {
            while isOpen(request) {
                var status = MPI_Status()
                var done: Int32 = 0
                let code = cmpi_test(&requests[request], &done, &status)
                if done != 0 || code != cmpi_success() {
                    finish(request: request, code, status)
                    break
                }
                if patience.isTimeToAsk(), shouldStop() { throw slots[slot].site.error(.stopped) }
                patience.pause()
            }
        }
    }

    private func isOpen(_ request: Int) -> Bool { cmpi_request_is_null(requests[request]) == 0 }

    private mutating func finish(request: Int, _ code: Int32, _ status: MPI_Status) {
        let slot = slotOfRequest[request]
        if slots[slot].code == cmpi_success() { slots[slot].code = code }
        if slots[slot].content == .receive { slots[slot].received += status.byteCount }
        if isOpen(request) { _ = cmpi_request_free(&requests[request]) }
        requests[request] = cmpi_request_null()
        slots[slot].openCount -= 1
        guard slots[slot].openCount == 0 else { return }
        slots[slot].isComplete = true
        if slots[slot].content == .send { slots[slot].tensor = nil }
        outstandingCount -= 1
    }

    /// Makes a complete slot idle.
    private mutating func clear(_ slot: Int) throws(MPIError) {
        let code = slots[slot].code
        slots[slot].content = .none
        slots[slot].isComplete = false
        slots[slot].code = cmpi_success()
        slots[slot].tensor = nil
        try check(code, slots[slot].site)
    }

    private mutating func takeReceived(_ slot: Int) throws(MPIError) -> Tensor {
        let code = slots[slot].code
        let received = slots[slot].received
        let tensor = slots[slot].tensor.take()!
        slots[slot].code = cmpi_success()
        try clear(slot)
        try slots[slot].expectation.check(code, received: received, slots[slot].site)
        return slots[slot].expectation.filled(tensor, received: received)
    }

    func giveUpAll() {
        let deadline = MPI_Wtime() + Request.abandonTime
        for slot in 0..<capacity where slots[slot].content != .none && !slots[slot].isComplete {
            let isReceive = slots[slot].content == .receive
            var isOver = true
            for request in requestRanges[slot] where isOpen(request) {
                if !Request.giveUp(&requests[request], isReceive: isReceive, deadline: deadline) { isOver = false }
            }
            if !isOver, let storage = slots[slot].tensor?.storage { _ = Unmanaged.passRetained(storage) }
        }
    }
}
