import Foundation
import Testing

/// The manifest and the imports against the table of rooms in docs/ARCHITECTURE.md.
@Suite struct RoomTests {
    private let allowed: [String: Set<String>]
    private let manifest: Manifest

    init() throws {
        let rows = try Checkout.table(of: "docs/ARCHITECTURE.md", heading: "room")
        allowed = Dictionary(uniqueKeysWithValues: rows.map { ($0.key, Set(Checkout.names($0.cells[1]))) })
        manifest = try Manifest(Checkout.text("Package.swift"))
    }

    private var rooms: [Manifest.Target] {
        let folders = try? FileManager.default.contentsOfDirectory(
            atPath: Checkout.root.appending(path: "Sources").path())
        return manifest.targets.filter { (folders ?? []).contains($0.name) }
    }

    /// The modules that a file imports, each with its access level.
    private func imports(_ file: Checkout.File) -> [(module: String, isPublic: Bool)] {
        file.lines.compactMap { line in
            let words = line.trimmingCharacters(in: .whitespaces).split(separator: " ")
            guard let place = words.firstIndex(of: "import"),
                words[..<place].allSatisfy({ $0.hasPrefix("@") || RoomTests.levels.contains(String($0)) })
            else { return nil }
            // `import struct Foundation.URL` names a module too.
            let rest = words[(place + 1)...].drop { RoomTests.kinds.contains(String($0)) }
            guard let module = rest.first?.split(separator: ".").first else { return nil }
            return (String(module), words.contains("public"))
        }
    }

    private static let levels: Set = ["public", "package", "internal", "fileprivate", "private"]
    private static let kinds: Set = ["struct", "class", "enum", "protocol", "func", "typealias", "let", "var"]

    @Test func everyRoomIsInTheTable() throws {
        #expect(allowed.count > 10, "the table was not understood: \(allowed)")
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Checkout.root.appending(path: "Sources").path())
        #expect(Set(folders.filter { !$0.hasPrefix(".") }) == Set(allowed.keys))
        #expect(Set(rooms.map(\.name)) == Set(allowed.keys), "a folder without a target, or the other way round")
    }

    @Test func theManifestHasNoOtherArrow() {
        for room in rooms {
            for dependency in room.dependencies where allowed[room.name]?.contains(dependency) != true {
                Issue.record("Package.swift: '\(room.name)' may not depend on '\(dependency)'")
            }
        }
        // Rooms do not depend on tests.
        let tests = Set(manifest.targets.map(\.name)).subtracting(rooms.map(\.name))
        for room in rooms { #expect(tests.isDisjoint(with: room.dependencies), "\(room.name) depends on tests") }
    }

    @Test func noFileImportsAnythingElse() throws {
        let declared = Dictionary(uniqueKeysWithValues: rooms.map { ($0.name, Set($0.dependencies)) })
        let targets = Set(manifest.targets.flatMap { [$0.name] + $0.dependencies })
        var count = 0
        for file in try Checkout.sources() {
            for (module, _) in imports(file) {
                count += 1
                let arrow = module == "Musl" ? "Glibc" : module
                if allowed[file.room]?.contains(arrow) != true {
                    Issue.record("\(file.path): '\(file.room)' may not import '\(module)'")
                }
                // SwiftPM lets through what another target happens to have built.
                if targets.contains(module) && declared[file.room]?.contains(module) != true {
                    Issue.record(
                        "\(file.path): '\(module)' is not among the dependencies of '\(file.room)' in Package.swift")
                }
            }
        }
        #expect(count > 300, "the imports were not found")
    }

    /// With imports internal unless they say otherwise, the compiler then keeps C types out of public signatures.
    @Test func cModulesAreNeverPublic() throws {
        let cModules = Set(allowed.keys.filter { $0.hasPrefix("C") } + ["Glibc", "Musl"])
        for file in try Checkout.sources() where !file.isGenerated {
            for (module, isPublic) in imports(file) where isPublic && cModules.contains(module) {
                Issue.record("\(file.path): '\(module)' must not be imported publicly")
            }
        }
        let settings = try Checkout.text("Package.swift")
        #expect(settings.contains(#".enableUpcomingFeature("InternalImportsByDefault")"#))
        let unset = try Regex(#"\.(?:target|executableTarget|testTarget)\((?:[^()]|\([^()]*\))*?\)"#)
        for match in settings.matches(of: unset) where !match.0.contains("swiftSettings: settings") {
            #expect(match.0.contains("CKernels"), "a target without the settings: \(match.0)")
        }
    }
}
