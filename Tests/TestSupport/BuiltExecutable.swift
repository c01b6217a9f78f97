#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Finds executables of this package, of the same build as the tests that are running.
public enum BuiltExecutable {
    /// The path of an executable that the build has put next to the test bundle, in whichever configuration and scratch
    /// path that is. The test target must depend on the executable's target, or it may not have been built.
    public static func path(_ name: String) throws -> String {
        guard let directory else {
            throw ProcessRun.LaunchError(description: "/proc/self/exe: \(String(cString: strerror(errno)))")
        }
        let path = "\(directory)/\(name)"
        guard access(path, X_OK) == 0 else {
            throw ProcessRun.LaunchError(
                description: "\(path): \(String(cString: strerror(errno))); "
                    + "does the test target depend on the target \(name)?")
        }
        return path
    }

    /// Where the running program lies, which for tests is the build's folder of products.
    private static var directory: String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes {
            readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        guard count > 0, let slash = buffer[..<count].lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return String(decoding: buffer[..<slash], as: UTF8.self)
    }
}
