/// Cuts a word into the longest pieces that the vocabulary has, from left to right; pieces behind the first have a prefix
/// there (https://arxiv.org/abs/1609.08144).
struct WordPiece {
    /// By their UTF-8 bytes: Swift's strings are equal when they look alike, and pieces are not.
    private let starts: [ArraySlice<UInt8>: Int32]
    /// Those with the prefix, without it.
    private let continuations: [ArraySlice<UInt8>: Int32]
    private let longestPiece: Int
    private let longestWord: Int
    let unknown: Int32

    /// - Parameters:
    ///   - longestWord: words of more characters are unknown.
    init(pieces: [(piece: String, id: Int32)], unknown: Int32, prefix: String, longestWord: Int) {
        var starts: [ArraySlice<UInt8>: Int32] = [:]
        var continuations: [ArraySlice<UInt8>: Int32] = [:]
        var longest = 0
        let prefix = Array(prefix.utf8)
        for (piece, id) in pieces {
            let bytes = Array(piece.utf8)[...]
            starts[bytes] = id
            if bytes.starts(with: prefix) { continuations[bytes.dropFirst(prefix.count)] = id }
            longest = max(longest, bytes.count)
        }
        self.starts = starts
        self.continuations = continuations
        longestPiece = longest
        self.longestWord = longestWord
        self.unknown = unknown
    }

    func id(of piece: String) -> Int32? { starts[Array(piece.utf8)[...]] }

    /// Appends the pieces of one word.
    func encode(_ word: ArraySlice<Unicode.Scalar>, to ids: inout [Int32]) {
        guard !word.isEmpty else { return }
        guard word.count <= longestWord else { return ids.append(unknown) }
        var bytes: [UInt8] = []
        // Where characters end, so that no piece ends inside one.
        var ends: [Int] = []
        for scalar in word {
            bytes += UTF8.encode(scalar)!
            ends.append(bytes.count)
        }
        let count = ids.count
        var start = 0
        while start < bytes.count {
            let table = start == 0 ? starts : continuations
            let end = ends.last { end in
                end > start && end - start <= longestPiece && table[bytes[start..<end]] != nil
            }
            guard let end, let id = table[bytes[start..<end]] else {
                ids.removeLast(ids.count - count)
                return ids.append(unknown)
            }
            ids.append(id)
            start = end
        }
    }
}
