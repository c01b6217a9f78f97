internal import Graphs

/// Which kernel computes which operator.
enum KernelFactory {
    /// - Throws: `KernelError` or `InferenceError` where the operator cannot take these types, errors of files where a
    ///   weight cannot be read.
    static func makeKernel(_ request: KernelRequest) throws -> any Kernel {
        switch request.operation {
        default: throw KernelError("no kernel for \(request.operation.name) yet")
        }
    }
}
