internal import Graphs
internal import Tensors

/// A tensor whose axes have letters, as Einstein's sum convention names them. An axis of extent 1 has none, since it
/// serves every index of its letter; a letter that occurs twice walks the diagonal.
struct LetteredView {
    /// Where a tensor of a contraction lies.
    enum Place: Hashable, Sendable {
        case operand(Int)
        case temporary(Int)
        case result
    }

    var place: Place
    var letters: [Character]
    /// Elements from one index of a letter to the next.
    var strides: [Character: Int]

    /// An operand of this shape whose axes have these letters, the outermost first.
    init(_ place: Place, axes: [Character], shape: Shape) {
        self.place = place
        letters = []
        strides = [:]
        for (axis, stride) in zip(axes.indices, shape.strides) where shape[axis] != 1 {
            if let known = strides[axes[axis]] {
                strides[axes[axis]] = known + stride
            } else {
                letters.append(axes[axis])
                strides[axes[axis]] = stride
            }
        }
    }

    /// A dense tensor with these axes, the outermost first.
    init(_ place: Place, dense letters: [Character], _ extents: [Character: Int]) {
        self.init(place, axes: letters, shape: Shape(letters.map { extents[$0]! }))
    }

    /// Letters of extents above 1, in the order in which they lie in memory.
    var lettersInMemory: [Character] {
        letters.enumerated().sorted {
            let (left, right) = (strides[$0.element]!, strides[$1.element]!)
            return left != right ? left > right : $0.offset < $1.offset
        }.map(\.element)
    }

    /// Elements from one index to the next where some letters, the outermost first, count as one; nil where they do not
    /// continue one another. No letters are one index, whose stride is the one that is asked for.
    func stride(of group: [Character], _ extents: [Character: Int], ofNone: Int) -> Int? {
        guard var stride = group.last.map({ strides[$0]! }) else { return ofNone }
        let innermost = stride
        for letter in group.reversed() {
            guard strides[letter] == stride else { return nil }
            stride *= extents[letter]!
        }
        return innermost
    }

    /// Whether these letters, the outermost first, are all axes and lie as a dense tensor.
    func isDense(_ order: [Character], _ extents: [Character: Int]) -> Bool {
        order.count == letters.count && stride(of: order, extents, ofNone: 1) == 1
    }
}

extension Dictionary where Key == Character, Value == Int {
    /// Elements of a tensor with these letters.
    func count(_ letters: [Character]) -> Int { letters.reduce(1) { $0 * self[$1]! } }
}
