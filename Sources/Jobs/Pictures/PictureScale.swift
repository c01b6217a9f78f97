#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Where a value lies on an axis, and where the axis has its marks.
struct PictureScale: Sendable {
    enum Kind: Sendable { case linear, logarithmic }

    let kind: Kind
    let low: Double
    let high: Double
    /// Ends of the axis in the drawing, for `low` and `high`.
    let start: Double
    let end: Double

    /// A scale of nothing is one from 0 to 1, so that there is always an axis.
    init(_ kind: Kind = .linear, from low: Double, to high: Double, at start: Double, _ end: Double) {
        let isUsable = low.isFinite && high.isFinite && high > low && (kind == .linear || low > 0)
        self.kind = isUsable ? kind : .linear
        self.low = isUsable ? low : 0
        self.high = isUsable ? high : 1
        self.start = start
        self.end = end
    }

    /// What lies outside comes out at the end.
    func callAsFunction(_ value: Double) -> Double {
        guard !value.isNaN else { return start }
        let share =
            switch kind {
            case .linear: (value - low) / (high - low)
            case .logarithmic: value > 0 ? log2(value / low) / log2(high / low) : 0
            }
        return start + (end - start) * min(1, max(0, share))
    }

    /// About this many round numbers: 1, 2 or 5 times a power of ten.
    func ticks(_ count: Int) -> [Double] {
        let rough = (high - low) / Double(max(1, count))
        guard rough > 0, rough.isFinite else { return [low] }
        let power = pow(10, floor(log10(rough)))
        let step = power * ([1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10)
        let first = Int((low / step).rounded(.up))
        let last = Int((high / step * (1 + 1e-9)).rounded(.down))
        return first <= last ? (first...last).map { Double($0) * step } : [low]
    }

    /// The end of an axis from 0 that has room for a value.
    static func roundedUp(_ value: Double, count: Int = 5) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        let scale = PictureScale(from: 0, to: value, at: 0, 1)
        let ticks = scale.ticks(count)
        guard ticks.count > 1 else { return value }
        return ((value / ticks[1]) * (1 - 1e-9)).rounded(.up) * ticks[1]
    }
}

/// The unit that times on an axis are written in.
struct TimeUnit: Sendable {
    let name: String
    /// In seconds.
    let size: Double

    /// For an axis up to this many seconds.
    init(upTo seconds: Double) {
        (name, size) = seconds >= 2 ? ("s", 1) : seconds >= 2e-3 ? ("ms", 1e-3) : ("µs", 1e-6)
    }
}

extension PictureScale {
    /// What to write at a mark, with the digits that tell marks apart.
    static func label(_ value: Double, step: Double) -> String {
        if step >= 1e6, value < 1e18 { return Quantity.count(Int(value)) }
        let digits = step >= 1 || step <= 0 ? 0 : Int(ceil(-log10(step) - 1e-9))
        if digits > 6 { return "\(Float(value))" }
        return Quantity.fixed(value, digits)
    }
}
