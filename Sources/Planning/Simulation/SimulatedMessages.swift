/// The messages of a simulation that are under way: from the posted receive or the send, whichever is first, until the
/// receiver computes with them. A ring for each edge, all in one array.
struct SimulatedMessages {
    /// Times are in seconds; infinite while they are not known.
    struct Message {
        var posted = Double.infinity
        /// When the sender's request for room reaches the receiver.
        var requested = Double.infinity
        var sent = Double.infinity
        /// When the sender may use its buffer again.
        var released = Double.infinity
        /// Of a message in pieces: when the first one reaches the receiver, and when the last one has left.
        var reached = Double.infinity
        var departure = Double.infinity
        var arrival = Double.infinity
        fileprivate var isTaken = false
    }

    private struct Ring {
        var offset: Int
        /// One less than its length, which is a power of 2.
        var mask: Int
        /// The first microbatch that is not done with.
        var first = 0
    }

    private var messages: [Message]
    private var rings: [Ring]

    init(edgeCount: Int) {
        // As many as the forward pipeline has under way where nothing waits for long.
        let length = 4
        messages = [Message](repeating: Message(), count: edgeCount * length)
        rings = (0..<edgeCount).map { Ring(offset: $0 * length, mask: length - 1) }
    }

    /// Where a message is kept, until the next call; nil once it has been taken.
    mutating func place(edge: Int, microbatch: Int) -> Int? {
        let ring = rings[edge]
        guard microbatch >= ring.first else { return nil }
        if microbatch - ring.first > ring.mask { extend(edge, to: microbatch) }
        return rings[edge].offset + microbatch & rings[edge].mask
    }

    subscript(place: Int) -> Message {
        get { messages[place] }
        set { messages[place] = newValue }
    }

    /// Removes a message, which the receiver computes with from now on.
    mutating func take(edge: Int, microbatch: Int) {
        guard let place = place(edge: edge, microbatch: microbatch) else { return }
        messages[place].isTaken = true
        var first = rings[edge].first
        let (offset, mask) = (rings[edge].offset, rings[edge].mask)
        while messages[offset + first & mask].isTaken {
            messages[offset + first & mask] = Message()
            first += 1
        }
        rings[edge].first = first
    }

    /// Moves a ring to a place where it has room for a microbatch.
    private mutating func extend(_ edge: Int, to microbatch: Int) {
        let old = rings[edge]
        var length = 2 * (old.mask + 1)
        while microbatch - old.first >= length { length *= 2 }
        let new = Ring(offset: messages.count, mask: length - 1, first: old.first)
        messages += [Message](repeating: Message(), count: length)
        for microbatch in old.first...old.first + old.mask {
            messages[new.offset + microbatch & new.mask] = messages[old.offset + microbatch & old.mask]
        }
        rings[edge] = new
    }
}
