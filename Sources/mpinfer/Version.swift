/// The program's version, by https://semver.org.
enum Version {
    static let text = "0.1.0"
}
