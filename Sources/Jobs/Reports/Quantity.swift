/// Numbers with units, as people read them.
public enum Quantity {
    /// `1.25 s`, `38.2 ms`, `910 us`.
    public static func seconds(_ seconds: Double) -> String {
        if seconds >= 1 { return fixed(seconds, 2) + " s" }
        if seconds >= 1e-3 { return fixed(seconds * 1e3, seconds >= 0.1 ? 0 : 1) + " ms" }
        return fixed(seconds * 1e6, 0) + " us"
    }

    /// `97.8 MB`: powers of 1,000.
    public static func bytes(_ count: some BinaryInteger) -> String { scaled(Double(count), unit: "B") }

    /// `4.1 GFLOP`.
    public static func flops(_ count: Double) -> String { scaled(count, unit: "FLOP") }

    /// `25.6 M`.
    public static func count(_ count: Int) -> String { scaled(Double(count), unit: "") }

    /// `12.3 %`.
    public static func percent(_ share: Double) -> String { fixed(share * 100, 1) + " %" }

    /// `+12.3 %` or `-0.5 %`: how much more or less.
    public static func change(_ share: Double) -> String { (share >= 0 ? "+" : "") + percent(share) }

    /// Items in a second, without a unit; `?` where nothing was measured.
    public static func rate(_ value: Double) -> String { value.isNaN ? "?" : fixed(value, value < 10 ? 2 : 1) }

    /// A number with this many digits behind the point.
    public static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = (abs(value) * scale).rounded()
        guard rounded < 1e15 else { return "\(value)" }
        let whole = Int(rounded / scale)
        let sign = value < 0 && rounded > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let fraction = String(Int(rounded) - whole * Int(scale))
        return "\(sign)\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    private static func scaled(_ value: Double, unit: String) -> String {
        var value = value
        var prefix = ""
        for next in ["k", "M", "G", "T", "P"] where value >= 999.5 {
            value /= 1000
            prefix = next
        }
        let isWhole = prefix.isEmpty
        let number = fixed(value, isWhole ? 0 : value >= 99.95 ? 0 : 1)
        return prefix.isEmpty && unit.isEmpty ? number : "\(number) \(prefix)\(unit)"
    }
}
