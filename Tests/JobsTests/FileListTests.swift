import Planning
import Testing

@testable import Jobs

/// Lists of files, and how soon each is wanted.
@Suite struct FileListTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["a.npy", "b.npy", "c,d.npy", "sub/e.npy"] { try folder.write("", to: name) }
    }

    private func read(_ text: String, _ name: String) throws -> [FileList.Entry] {
        try folder.write(text, to: name)
        return try FileList.read("\(folder.path)/\(name)").map {
            FileList.Entry(path: $0.path.replacing("\(folder.path)/", with: ""), urgency: $0.urgency)
        }
    }

    private func failure(_ text: String, _ name: String) -> String {
        do { return "read \(try read(text, name))" } catch { return "\(error)".replacing(folder.path, with: "F") }
    }

    @Test func lists() throws {
        let urgent = FileList.Entry(path: "a.npy", urgency: Urgency(priority: 5, deadline: 0.5))
        #expect(try read("path,priority,deadline\na.npy,5,0.5\n", "x.csv") == [urgent])
        #expect(try read("deadline,path,priority\r\n0.5,a.npy,5\r\n", "X.CSV") == [urgent])
        #expect(try read(#"{"path": "a.npy", "priority": 5, "deadline": 0.5}"#, "x.jsonl") == [urgent])
        let table = try read("path,priority\n\"c,d.npy\",-1\nsub/e.npy,\n\(folder.path)/b.npy,2\n", "x.csv")
        #expect(table.map(\.path) == ["c,d.npy", "sub/e.npy", "b.npy"])
        #expect(table.map { $0.urgency?.priority } == [-1, 0, 2] && table.allSatisfy { $0.urgency?.deadline == nil })
        // Nothing is said of urgency.
        #expect(try read("path\na.npy\n", "x.csv") == [FileList.Entry(path: "a.npy")])
        #expect(try read("a.npy\n", "x.txt") == [FileList.Entry(path: "a.npy")])
        let objects = try read("{\"path\": \"a.npy\"}\n\n{\"path\": \"b.npy\", \"deadline\": 2}\n", "x.jsonl")
        #expect(objects.map(\.urgency) == [nil, Urgency(deadline: 2)])
    }

    @Test(
        "a list that is none",
        arguments: [
            ("path,deadline\na.npy,1\nb.npy,soon\n", "x.csv", "F/x.csv: line 3: deadline 'soon': it must be a number"),
            ("path,deadline\na.npy,0\n", "x.csv", "line 2: deadline '0': it must be a number of seconds above 0"),
            ("path,deadline\na.npy,-1\n", "x.csv", "line 2: deadline '-1'"),
            ("path,deadline\na.npy,nan\n", "x.csv", "line 2: deadline 'nan'"),
            ("path,deadline\na.npy,inf\n", "x.csv", "line 2: deadline 'inf'"),
            ("path,priority\na.npy,1.5\n", "x.csv", "line 2: priority '1.5': it must be a whole number"),
            ("path,priority\na.npy,99999999\n", "x.csv", "line 2: priority '99999999'"),
            ("path,dedline\na.npy,1\n", "x.csv", "line 1: 'dedline' is not known here; did you mean 'deadline'?"),
            ("file,deadline\na.npy,1\n", "x.csv", "line 1: no column 'path'"),
            ("path\n\"a.npy\n", "x.csv", "line 2: a quote that does not close"),
            ("path\n", "x.csv", "the list names no file"),
            ("path\nnone.npy\n", "x.csv", "line 2: there is no file F/none.npy"),
            (
                "{\"path\": \"a.npy\"}\n{\"path\": \"a.npy\", \"deadline\": \"1\"}", "x.jsonl",
                "line 2: 'deadline' must be a number"
            ),
            ("{\"path\": 3}", "x.jsonl", "line 1: 'path' must be a text"),
            ("{\"priority\": 3}", "x.jsonl", "line 1: 'path' is missing"),
            ("{\"path\": \"a.npy\", \"priority\": 1e300}", "x.jsonl", "line 1: priority '1e+300'"),
            ("{\"path\": \"a.npy\", \"due\": 1}", "x.jsonl", "line 1: 'due' is not known here"),
            ("a.npy\n", "x.jsonl", "line 1: no JSON object"), ("[1]\n", "x.jsonl", "line 1: no JSON object"),
        ])
    func complaints(text: String, name: String, words: String) {
        let found = failure(text, name)
        #expect(found.contains(words), "\(found)")
    }
}
