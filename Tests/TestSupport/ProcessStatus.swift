import Foundation

/// What the system tells of this process.
public enum ProcessStatus {
    /// A figure of /proc/self/status in KB, as `VmRSS` for the memory that it has and `VmHWM` for the most that it has had.
    public static func kilobytes(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("\(name):") }),
            let number = Int(line.filter(\.isNumber))
        else { throw CocoaError(.fileReadCorruptFile) }
        return number
    }
}
