/// Text as it may be written in HTML and SVG: names come from files of others and may hold anything.
enum MarkupText {
    /// With what means something to a parser written out, and without what XML forbids or what turns text around.
    static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n", "\r": result += " "
            default: if isAllowed(scalar) { result.unicodeScalars.append(scalar) }
            }
        }
        return result
    }

    /// Control characters, marks of direction, and code points that are no characters are left out.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE...0xFFFF: false
        default: scalar.value & 0xFFFE != 0xFFFE
        }
    }

    /// A coordinate: two digits behind the point at most, and never anything but a number.
    static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "0" }
        let hundredths = Int((value * 100).rounded())
        let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
        let sign = hundredths < 0 ? "-" : ""
        if rest == 0 { return "\(sign)\(whole)" }
        if rest % 10 == 0 { return "\(sign)\(whole).\(rest / 10)" }
        return "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// How wide a text comes out at most, about, in the same unit as the size of the font. Fonts differ; this is for a wide
    /// one, so that what is laid out by it does not overlap.
    static func width(_ text: String, size: Double = 12) -> Double {
        var ems = 0.0
        for scalar in text.unicodeScalars {
            switch scalar {
            case "i", "j", "l", ".", ",", ":", ";", "|", "'", "!", "(", ")", "[", "]", " ", "f", "t", "r", "-":
                ems += 0.39
            case "m", "w", "M", "W", "%", "@", "G", "O", "Q": ems += 0.9
            case "A"..."Z", "_": ems += 0.68
            default: ems += scalar.value > 0x2E7F ? 1.05 : 0.62
            }
        }
        return ems * size
    }

    /// The text, with its middle left out where it is wider than allowed: names of layers differ at both ends.
    static func shortened(_ text: String, to width: Double, size: Double = 12) -> String {
        guard self.width(text, size: size) > width else { return text }
        let characters = Array(text)
        // As many characters as fit, by halving.
        var (low, high) = (0, characters.count)
        func candidate(_ count: Int) -> String {
            String(characters.prefix((count + 1) / 2)) + "…" + String(characters.suffix(count / 2))
        }
        while low < high {
            let middle = (low + high + 1) / 2
            if self.width(candidate(middle), size: size) <= width { low = middle } else { high = middle - 1 }
        }
        return low < 2 ? "" : candidate(low)
    }
}
