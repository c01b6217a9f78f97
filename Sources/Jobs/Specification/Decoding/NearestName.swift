/// Finds the name that a user probably meant.
enum NearestName {
    /// The known name closest to `name`; nil where none is close enough to be worth a hint.
    ///
    /// A third of the letters may be wrong, at most three; case, `_` and `-` do not count.
    static func of(_ name: String, among known: some Sequence<String>) -> String? {
        let plain = normalized(name)
        let limit = min(3, max(1, plain.count / 3))
        let ranked = known.map { (name: $0, distance: distance(plain, normalized($0))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= limit else { return nil }
        return best.name
    }

    /// A sentence for the end of an error; empty where there is no hint to give.
    static func hint(_ name: String, among known: some Sequence<String>) -> String {
        of(name, among: known).map { "; did you mean '\($0)'?" } ?? ""
    }

    /// The hint, and all that there are in brackets: `; did you mean 'image'? (it has image, mask)`. Of many the first.
    static func choice(_ name: String, among known: [String]) -> String {
        guard !known.isEmpty else { return ": it has none" }
        let shown = known.prefix(12).joined(separator: ", ")
        let rest = known.count > 12 ? ", and \(known.count - 12) more" : ""
        return "\(hint(name, among: known)) (it has \(shown)\(rest))"
    }

    private static func normalized(_ name: String) -> [Character] {
        // Longer names are not typing errors, and the table below is quadratic.
        name.prefix(64).lowercased().map { $0 == "_" ? "-" : $0 }
    }

    /// Optimal string alignment: insertions, deletions, replacements, and swaps of neighbours.
    private static func distance(_ first: [Character], _ second: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for row in 0..<first.count {
            var current = [row + 1]
            for column in 0..<second.count {
                var best = min(
                    last[column + 1] + 1, current[column] + 1, last[column] + (first[row] == second[column] ? 0 : 1))
                if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[second.count]
    }
}
