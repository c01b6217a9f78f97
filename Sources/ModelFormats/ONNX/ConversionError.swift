/// Why a node, or a tensor, cannot be taken over as it is.
enum ConversionError: Error {
    /// It contradicts the standard; the model is broken.
    case malformed(String)
    /// It is valid, but nothing here can express it; it becomes an unsupported operator with this remark.
    case inexpressible(String)
}
