internal import Foundation

/// What happens to text before it is cut into words.
struct BERTNormalizer {
    var cleansText = true
    var separatesIdeographs = true
    var stripsAccents = true
    var lowercases = true

    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count)
        for scalar in text {
            var scalar = scalar
            if cleansText {
                if scalar.value == 0 || scalar.value == 0xFFFD || scalar.isTokenControl { continue }
                if scalar.isTokenSpace { scalar = " " }
            }
            if separatesIdeographs, scalar.isTokenIdeograph {
                result += [" ", scalar, " "]
            } else {
                result.append(scalar)
            }
        }
        if stripsAccents, result.contains(where: { !$0.isASCII }) {
            let decomposed = String(String.UnicodeScalarView(result)).decomposedStringWithCanonicalMapping
            result = decomposed.unicodeScalars.filter { !$0.isTokenAccent }
        }
        guard lowercases else { return result }
        var lower: [Unicode.Scalar] = []
        lower.reserveCapacity(result.count)
        for scalar in result {
            if scalar.isASCII {
                let isCapital = scalar.value >= 65 && scalar.value <= 90
                lower.append(isCapital ? Unicode.Scalar(UInt8(scalar.value + 32)) : scalar)
            } else {
                lower += scalar.properties.lowercaseMapping.unicodeScalars
            }
        }
        return lower
    }
}

/// Cuts text into words at spaces, and takes each punctuation mark for a word.
enum BERTPreTokenizer {
    static func words(_ text: ArraySlice<Unicode.Scalar>) -> [ArraySlice<Unicode.Scalar>] {
        var words: [ArraySlice<Unicode.Scalar>] = []
        var start = text.startIndex
        func close(_ end: Int) { if start < end { words.append(text[start..<end]) } }
        for index in text.indices {
            if text[index].isTokenSpace {
                close(index)
                start = index + 1
            } else if text[index].isTokenPunctuation {
                close(index)
                words.append(text[index..<index + 1])
                start = index + 1
            }
        }
        close(text.endIndex)
        return words
    }
}
