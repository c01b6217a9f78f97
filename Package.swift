// swift-tools-version: 6.1

import PackageDescription

// Another MPI is chosen by the name of its pkg-config file, for example MPINFER_MPI=mpich.
let mpiPackage = Context.environment["MPINFER_MPI"] ?? "ompi-c"
let blasPackage = Context.environment["MPINFER_BLAS"] ?? "openblas"

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "mpinfer",
    products: [
        .executable(name: "mpinfer", targets: ["mpinfer"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C libraries of the system.
        .systemLibrary(
            name: "CMPI", pkgConfig: mpiPackage, providers: [.apt(["libopenmpi-dev", "openmpi-bin"])]),
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: blasPackage, providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(
            name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),

        // The rooms. Arrows are law: Tests/ArchitectureTests holds them against this list.
        .target(name: "CKernels"),
        .target(name: "Tensors", swiftSettings: settings),
        .target(name: "CFiles", swiftSettings: settings),
        .target(name: "Files", dependencies: ["Tensors", "CFiles"], swiftSettings: settings),
        .target(name: "Graphs", dependencies: ["Tensors"], swiftSettings: settings),
        .target(
            name: "Kernels", dependencies: ["Graphs", "Tensors", "COpenBLAS", "CKernels"],
            swiftSettings: settings),
        .target(
            name: "ModelFormats",
            dependencies: [
                "Graphs", "Tensors", "CZip", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["ONNX/Protobuf/README.md", "ONNX/Protobuf/onnx.proto"],
            swiftSettings: settings),
        .target(
            name: "Planning",
            dependencies: ["Graphs", "Tensors", .product(name: "HeapModule", package: "swift-collections")],
            swiftSettings: settings),
        .target(name: "MPI", dependencies: ["Tensors", "CMPI"], swiftSettings: settings),
        .target(
            name: "Runtime", dependencies: ["Kernels", "Planning", "MPI", "Graphs", "Tensors"],
            swiftSettings: settings),
        .target(
            name: "Jobs",
            dependencies: [
                "Files", "Runtime", "Kernels", "Planning", "MPI", "ModelFormats", "Graphs", "Tensors", "CPNG",
                "CTurboJPEG", "Yams", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "mpinfer",
            dependencies: [
                "Jobs", "Files", "Runtime", "Kernels", "Planning", "MPI", "ModelFormats", "Graphs", "Tensors",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),

        .testTarget(
            name: "FilesTests", dependencies: ["Files", "Tensors", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "GraphsTests", dependencies: ["Graphs", "Tensors"], swiftSettings: settings),
        .testTarget(
            name: "KernelsTests", dependencies: ["Kernels", "Graphs", "Tensors"], swiftSettings: settings),
        .testTarget(
            name: "ConformanceTests", dependencies: ["Kernels", "ModelFormats", "Graphs", "Tensors", "TestSupport"],
            exclude: ["excluded.txt", "manifest.txt", "Exports"], swiftSettings: settings),
        .testTarget(
            name: "ModelFormatsTests",
            dependencies: [
                "ModelFormats", "Graphs", "Tensors", "TestSupport",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["NPYFixtures"], swiftSettings: settings),
        .testTarget(
            name: "JobsTests",
            dependencies: ["Jobs", "Files", "Graphs", "Kernels", "ModelFormats", "MPI", "Planning", "Tensors"],
            exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "PlanningTests", dependencies: ["Planning", "Graphs", "Tensors", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "KernelsCoreTests", dependencies: ["Kernels", "Planning", "Graphs", "Tensors", "TestSupport"],
            swiftSettings: settings),
        .testTarget(name: "ArchitectureTests", swiftSettings: settings),
        // Tests. Those of messages launch an executable under mpirun.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .executableTarget(
            name: "MPIProbe", dependencies: ["MPI", "Tensors"], path: "Tests/MPIProbe", swiftSettings: settings),
        .testTarget(name: "MPITests", dependencies: ["MPIProbe", "MPI", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "RunTests", dependencies: ["mpinfer", "TestSupport"], exclude: ["Items"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
