import Foundation
import FoundationXML

@testable import Jobs

/// A drawing as a parser reads it, and what is wrong with it.
final class ReadDrawing: NSObject, XMLParserDelegate {
    private(set) var problems: [String] = []
    private(set) var elements: [String: Int] = [:]
    private(set) var texts: [String] = []
    private var identifiers: Set<String> = []
    private var references: Set<String> = []
    private var width = 0.0
    private var height = 0.0
    private var text: (x: Double, anchor: String, isTurned: Bool, content: String)?
    private var depthOfTitle = 0

    init(_ drawing: SVGDrawing) {
        super.init()
        width = drawing.width
        height = drawing.height
        let file = drawing.file
        for word in ["NaN", "nan", "inf\"", "Infinity"] where file.contains(word) { problems.append("has \(word)") }
        let parser = XMLParser(data: Data(file.utf8))
        parser.delegate = self
        if !parser.parse() { problems.append("no XML: \(parser.parserError.map { "\($0)" } ?? "")") }
        for missing in references.subtracting(identifiers) { problems.append("nothing is called \(missing)") }
        if elements["title", default: 0] < 1 || elements["desc"] != 1 { problems.append("has no title or description") }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        elements[name, default: 0] += 1
        if let identifier = attributes["id"], !identifiers.insert(identifier).inserted {
            problems.append("\(identifier) is there twice")
        }
        if let fill = attributes["fill"], fill.hasPrefix("url(#") {
            references.insert(String(fill.dropFirst(5).dropLast()))
        }
        if name == "title" { depthOfTitle += 1 }
        let numbers = attributes.compactMapValues(Double.init)
        switch name {
        case "rect":
            guard let x = numbers["x"], let y = numbers["y"], let right = numbers["width"], let low = numbers["height"]
            else { return }
            if x < -0.1 || y < -0.1 || x + right > width + 0.1 || y + low > height + 0.1 {
                problems.append("a rectangle at \(x), \(y) of \(right) x \(low) lies outside")
            }
        case "line":
            for x in ["x1", "x2"].compactMap({ numbers[$0] }) where x < -0.1 || x > width + 0.1 {
                problems.append("a line at \(x) lies outside")
            }
        case "circle":
            if let x = numbers["cx"], x < 0 || x > width { problems.append("a circle at \(x) lies outside") }
        case "text":
            text = (numbers["x"] ?? 0, attributes["text-anchor"] ?? "start", attributes["transform"] != nil, "")
            if let y = numbers["y"], y < 0 || y > height { problems.append("a text at height \(y) lies outside") }
        default: break
        }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        if depthOfTitle == 0 { text?.content += string }
    }

    func parser(
        _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) {
        if name == "title" { depthOfTitle -= 1 }
        guard name == "text", let text else { return }
        self.text = nil
        texts.append(text.content)
        guard !text.isTurned else { return }
        let size = MarkupText.width(text.content, size: SVGDrawing.smallTextSize)
        let left = text.anchor == "start" ? text.x : text.anchor == "end" ? text.x - size : text.x - size / 2
        if left < -1 || left + size > width + 1 { problems.append("'\(text.content)' at \(text.x) is cut off") }
    }
}
