import Tensors
import Testing

@testable import Jobs

@Suite struct LabelsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func labels(
        _ csv: String, _ items: ItemNames, classes: [String]? = nil, column: String = "label"
    ) throws -> [Int] {
        let path = try folder.write(csv, to: "l.csv")
        return try Labels(.init(file: path, column: column), items: items, classes: classes.map(ClassNames.init))
            .classes
    }

    private func failure(
        _ csv: String, _ items: ItemNames, classes: [String]? = nil, column: String = "label"
    ) -> String {
        do { return "\(try labels(csv, items, classes: classes, column: column))" } catch {
            return "\(error)".replacing(folder.path, with: "F")
        }
    }

    @Test func byFileName() throws {
        let csv = "file,label\nb.png,1\n\"a,\"\"1\"\".png\",0\nunused.png,9\nd/c.png,2\n"
        #expect(try labels(csv, .files(["a,\"1\".png", "b.png"])) == [0, 1])
        #expect(try labels(csv, .files(["x/b.png", "d/c.png"])) == [1, 2])
        #expect(
            failure(csv, .files(["x/b.png", "y/b.png"]))
                == "F/l.csv: line 2: b.png may be any of x/b.png, y/b.png; write the folder too")
        #expect(
            failure(csv, .files(["b.png"] + (0..<7).map { "m\($0)" }))
                == "F/l.csv: no label for 7 of 8 images: m0, m1, m2, m3, m4, ...; their names must stand in the column that "
                + "labels.file-column names")
        #expect(failure(csv + "b.png,4\n", .files(["b.png"])) == "F/l.csv: lines 2 and 6 both label b.png")
        #expect(
            failure("file,lable\n", .files(["b.png"]))
                == "F/l.csv: line 1: no column 'label'; did you mean 'lable'? (there are file, lable)")
    }

    @Test func byRow() throws {
        #expect(try labels("\u{FEFF}answer\r\n3\r\n\r\n4", .rows(2), column: "answer") == [3, 4])
        #expect(
            failure("label\n1\n", .rows(2)).hasPrefix("F/l.csv: 1 labels for the 2 items of the array: write a row"))
    }

    @Test func byNameOfTheClass() throws {
        let names = ["cat", "dog", "crane", "crane", "1"]
        #expect(try labels("label\ndog\n0\ncat\n", .rows(3), classes: names) == [1, 0, 0])
        #expect(
            failure("label\ncrane\n", .rows(1), classes: names).contains(
                "line 2: classes 2 and 3 are both called 'crane'"))
        #expect(
            failure("label\ndgo\n", .rows(1), classes: names).contains("no class is called 'dgo'; did you mean 'dog'?"))
        #expect(
            failure("label\n1\n", .rows(1), classes: names).contains(
                "may be the index 1 or the class called '1', which is 4"))
        #expect(failure("label\n5\n", .rows(1), classes: names).contains("there is no class 5, there are 5"))
        #expect(failure("label\n-1\n", .rows(1)).contains("there is no class -1"))
        #expect(failure("label\ndog\n", .rows(1)).contains("give a file of 'classes'"))
    }

    @Test func classNames() throws {
        #expect(try ClassNames(path: folder.write("a b\r\n c \nd\n", to: "c.txt")).names == ["a b", "c", "d"])
        #expect { try ClassNames(path: folder.write("a\n\nb", to: "c.txt")) } throws: {
            "\($0)".contains("line 2 is empty")
        }
        #expect { try ClassNames(path: folder.write("", to: "c.txt")) } throws: { "\($0)".contains("names no classes") }
    }

    @Test func quotesAndLines() throws {
        let csv = try CSV(text: "a,b\n\"x\ny\",2\r\n,\n\n\"\",\"\"\"\"", path: "c")
        #expect(csv.rows.map(\.fields) == [["x\ny", "2"], ["", ""], ["", "\""]])
        #expect(csv.rows.map(\.line) == [2, 4, 6])
        for (text, message) in [
            ("", "c, byte 0: a header line is missing"), ("a,b\n1\n", "c: line 2: 1 fields, the header has 2"),
            ("a\n\"x", "c, byte 4: line 2: a quote that does not close"),
            ("a\n\"x\"y", "c, byte 5: line 2: text after a closing quote"),
            ("a,a\n", "c, byte 0: two columns are called 'a'"),
        ] {
            #expect { try CSV(text: text, path: "c") } throws: { "\($0)" == message }
        }
    }

    @Test func randomText() {
        var generator = Seeded(state: 4)
        let letters = Array("ab,\"\n\r é\u{0}1")
        for _ in 0..<5000 {
            let text = String(
                (0..<Int.random(in: 0...30, using: &generator)).map { _ in letters.randomElement(using: &generator)! })
            if let csv = try? CSV(text: text, path: "c") {
                #expect(csv.rows.allSatisfy { $0.fields.count == csv.header.count })
            }
        }
    }

    @Test func whatIsQuotedIsRead() throws {
        var generator = Seeded(state: 5)
        let letters = Array("ab,\"\n\r é1")
        for _ in 0..<1000 {
            let fields = (0..<3).map { _ in
                String(
                    (0..<Int.random(in: 0...6, using: &generator)).map { _ in letters.randomElement(using: &generator)!
                    })
            }
            let line = fields.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",")
            #expect(try CSV(text: "x,y,z\n\(line)\n", path: "c").rows.map(\.fields) == [fields])
        }
    }
}
