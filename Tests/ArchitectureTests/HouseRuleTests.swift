import Foundation
import Testing

/// The house rules that can be checked in the text of the sources.
@Suite struct HouseRuleTests {
    private static let pointerRooms: Set = ["Tensors", "Kernels", "MPI"]

    @Test func pointersStayInTheirRooms() throws {
        let exceptions = try Checkout.table(of: "docs/ARCHITECTURE.md", heading: "file")
        #expect(!exceptions.isEmpty, "the table was not understood")
        var used: Set<String> = []
        let pointer = try Regex(#"[A-Za-z]*Unsafe[A-Z][A-Za-z]*|\bOpaquePointer\b|\bUnmanaged\b|\bunsafeBitCast\b"#)
        for file in try Checkout.sources() where !file.isGenerated && !HouseRuleTests.pointerRooms.contains(file.room) {
            guard let match = file.text.firstMatch(of: pointer) else { continue }
            used.insert(file.path)
            if !exceptions.contains(where: { $0.key == file.path }) {
                Issue.record(
                    "\(file.path): '\(match.0)' outside Tensors, Kernels and MPI, and not among the exceptions")
            }
        }
        for (path, cells) in exceptions {
            #expect(used.contains(path), "\(path) handles no pointers any more; take it out of the table")
            #expect(cells.first?.isEmpty == false, "\(path): an exception without a reason")
        }
    }

    /// What the compiler cannot see: pointers and C's own number types are Swift types.
    @Test func noPublicSignatureHasPointersOrCTypes() throws {
        let suspect = try Regex(
            #"\b(Unsafe[A-Za-z]*|OpaquePointer|Unmanaged|C(Int|Long|Char|Short|UnsignedInt|Size|Float|Double|VarArg)"#
                + #"|CMPI[A-Za-z]*|MPI_[A-Z][A-Za-z]*|mpk_[a-z_]+|cblas_[a-z]+|CBLAS_[A-Z]+)\b"#)
        var count = 0
        for file in try Checkout.sources() where ["MPI", "Kernels"].contains(file.room) {
            for signature in signatures(file) {
                count += 1
                if let match = signature.firstMatch(of: suspect) {
                    Issue.record("\(file.path): '\(match.0)' in '\(signature)'")
                }
            }
        }
        #expect(count > 80, "the public declarations were not found")
    }

    /// Public declarations up to their bodies or values.
    private func signatures(_ file: Checkout.File) -> [String] {
        var signatures: [String] = []
        var lines = file.lines[...]
        while let line = lines.popFirst() {
            let words = line.trimmingCharacters(in: .whitespaces).split(separator: " ")
            guard words.contains("public"), !words.contains("import"), !(words.first?.hasPrefix("//") ?? false) else {
                continue
            }
            var signature = String(line)
            while signature.count(of: "(") > signature.count(of: ")"), let next = lines.popFirst() { signature += next }
            // Whatever follows the declaration's own brackets is its body or its value.
            let end = signature.firstIndex(of: "{") ?? signature.range(of: " = ")?.lowerBound ?? signature.endIndex
            signatures.append(signature[..<end].trimmingCharacters(in: .whitespaces))
        }
        return signatures
    }

    @Test func filesAreShort() throws {
        let files =
            try Checkout.files(under: "Sources", endingIn: ["swift", "c", "h"])
            + Checkout.files(under: "Tests", endingIn: ["swift"])
        for file in files where !file.isGenerated {
            let count = file.lines.count - 1
            #expect(count <= 400, "\(file.path) has \(count) lines: split it")
        }
    }

    @Test func namesSaySomething() throws {
        let empty = try Regex(
            #"\b(class|struct|enum|protocol|actor|extension)\s+\w*(Manager|Helper|Utils|Utility|Common)\b"#)
        for file in try Checkout.sources() where !file.isGenerated {
            if let match = file.text.firstMatch(of: empty) { Issue.record("\(file.path): '\(match.0)'") }
        }
    }

    /// A file generated anew has another number here, and the commit says why.
    @Test func generatedCodeIsUntouched() throws {
        let path = "Sources/ModelFormats/ONNX/Protobuf/onnx.pb.swift"
        let text = try Checkout.text(path)
        #expect(text.hasPrefix("// DO NOT EDIT."))
        // FNV-1a, which needs no library.
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        #expect(hash == 0xe51f_379f_d730_df4f, "\(path) was edited by hand: \(hash)")
        let generated = try Checkout.sources().filter(\.isGenerated)
        #expect(generated.map(\.path) == [path])
    }
}

extension String {
    fileprivate func count(of character: Character) -> Int { count { $0 == character } }
}
