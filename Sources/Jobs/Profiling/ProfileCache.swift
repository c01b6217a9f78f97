internal import Files
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Where profiles are kept from one run to the next: one file for each set of conditions.
public struct ProfileCache: Sendable {
    let folder: String

    /// `$MPINFER_CACHE`, else `$XDG_CACHE_HOME/mpinfer`, else `~/.cache/mpinfer`.
    public init() {
        func environment(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        let root =
            environment("MPINFER_CACHE") ?? environment("XDG_CACHE_HOME").map { $0 + "/mpinfer" }
            ?? (environment("HOME") ?? "/tmp") + "/.cache/mpinfer"
        folder = root + "/profiles"
    }

    /// The file that a profile for these conditions is in, if there is one.
    public func path(for conditions: ModelProfile.Conditions) throws -> String {
        var fingerprint = Fingerprint()
        fingerprint.add(String(decoding: try JSONLayout.pretty(conditions), as: UTF8.self))
        return "\(folder)/\(fingerprint.hexadecimal).json"
    }

    public func profile(for conditions: ModelProfile.Conditions) throws -> ModelProfile? {
        let path = try path(for: conditions)
        guard access(path, R_OK) == 0 else { return nil }
        let profile = try ModelProfile.read(path)
        return profile.conditions == conditions ? profile : nil
    }

    /// - Returns: the file that it is in now.
    public func keep(_ profile: ModelProfile) throws -> String {
        _ = try OutputFolder(folder)
        let path = try path(for: profile.conditions)
        try profile.write(to: DestinationFile(path))
        return path
    }
}
