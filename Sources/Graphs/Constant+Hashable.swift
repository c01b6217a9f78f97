internal import Tensors

extension Constant: Hashable {
    /// The same bits of the same type, or the same place in a file.
    public static func == (left: Constant, right: Constant) -> Bool {
        switch (left, right) {
        case (.tensor(let left), .tensor(let right)):
            left.type == right.type
                && left.withBytes { left in
                    right.withBytes { right in left.elementsEqual(right) }
                }
        case (.file(let left, let leftType), .file(let right, let rightType)): left == right && leftType == rightType
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        switch self {
        case .tensor(let tensor): tensor.withBytes { hasher.combine(bytes: $0) }
        case .file(let region, _): hasher.combine(region)
        }
    }
}
