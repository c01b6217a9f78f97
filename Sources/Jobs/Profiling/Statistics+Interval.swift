public import Planning

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension Statistics {
    /// An interval that holds the true ratio of two things with 95 % confidence, from their ratios in rounds in which both
    /// were measured: Student's t on the logarithms. Nil for fewer than two rounds.
    public static func interval(ofRatios ratios: [Double]) -> ClosedRange<Double>? {
        guard ratios.count > 1, ratios.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
        let logs = ratios.map { log($0) }
        let count = Double(logs.count)
        let mean = logs.reduce(0, +) / count
        let variance = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let reach = studentQuantile(degreesOfFreedom: logs.count - 1) * (variance / count).squareRoot()
        return exp(mean - reach)...exp(mean + reach)
    }

    /// The 0.975 quantile of Student's t distribution.
    static func studentQuantile(degreesOfFreedom: Int) -> Double {
        // Abramowitz and Stegun, table 26.10; beyond it their expansion 26.7.5 around the normal quantile.
        let table = [
            12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
            2.120, 2.110, 2.101, 2.093, 2.086,
        ]
        if degreesOfFreedom <= table.count { return table[max(1, degreesOfFreedom) - 1] }
        let (x, n) = (1.959964, Double(degreesOfFreedom))
        let cube = x * x * x
        return x + (cube + x) / (4 * n) + (5 * cube * x * x + 16 * cube + 3 * x) / (96 * n * n)
    }
}
