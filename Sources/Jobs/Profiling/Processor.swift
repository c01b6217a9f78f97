internal import FoundationEssentials

/// The processor that this process runs on.
enum Processor {
    /// As the system calls it, such as `AMD EPYC 7B13`; `unknown` where it does not say.
    static let name: String = {
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return "unknown" }
        for key in ["model name", "Model", "CPU part"] {
            for line in text.split(separator: "\n") where line.hasPrefix(key) {
                guard let colon = line.firstIndex(of: ":") else { continue }
                return line[line.index(after: colon)...].trimmed
            }
        }
        return "unknown"
    }()
}

extension Substring {
    fileprivate var trimmed: String {
        let front = drop { $0 == " " }
        return String(front.reversed().drop { $0 == " " }.reversed())
    }
}
