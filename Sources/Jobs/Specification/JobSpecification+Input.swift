extension JobSpecification {
    /// Where one input of the model comes from.
    public enum Input: Sendable, Codable, Hashable {
        case images(ImageInput)
        case array(ArrayInput)
        case arrays(ArrayFilesInput)
        case constant(ConstantInput)
        case carried(CarriedInput)
        case text(TextInput)
    }

    /// What an item is of an input of the model.
    public enum ItemForm: String, Sendable, Codable, SpecificationChoice {
        case rows, whole

        var help: String {
            switch self {
            case .rows: "the input's first axis counts items, several may travel together"
            case .whole: "the input as a whole is one item, such as the nodes of a graph; microbatches hold one item"
            }
        }
    }

    /// How the items of several inputs find each other.
    public enum Join: String, Sendable, Codable, SpecificationChoice {
        case name, order

        var help: String {
            switch self {
            case .name:
                "inputs from files: those that are called alike belong together, extensions aside; else as `order`"
            case .order: "the first of each belong together, and so on"
            }
        }
    }

    /// Something that gives files.
    public struct FileEntry: Sendable, Codable, Hashable, ExpressibleByStringLiteral {
        /// A file, folder or glob; of the list where it is one.
        public var path = ""
        /// Whether it is a file that names files, see `FileList`.
        public var isList = false

        public init(path: String = "", isList: Bool = false) {
            self.path = path
            self.isList = isList
        }

        public init(stringLiteral value: String) { self.init(path: value) }
    }

    /// Items from .npy files, one in each, or from arrays of .npz files.
    public struct ArrayFilesInput: Sendable, Codable, Hashable {
        /// Files, folders, globs, and lists of files.
        public var arrays: [FileEntry] = []
        /// For .npz: which of the arrays of each.
        public var key: String?
        /// Nil: what the model and the files look like.
        public var items: ItemForm?
    }

    /// The same numbers for all items.
    public struct ConstantInput: Sendable, Codable, Hashable {
        /// One for each element of the input, or one for all of them.
        public var constant: [Double] = []
    }

    /// What an output of the model was for the item before.
    public struct CarriedInput: Sendable, Codable, Hashable {
        /// Name of the output.
        public var carried = ""
    }

    /// Items from a .npy or .npz file: along the first axis, or the array as a whole.
    public struct ArrayInput: Sendable, Codable, Hashable {
        /// Path of the file.
        public var array = ""
        /// For .npz: which of its arrays.
        public var key: String?
        /// Nil: what the model and the file look like.
        public var items: ItemForm?
    }

    /// Items from PNG and JPEG files, and how pixels become numbers.
    public struct ImageInput: Sendable, Codable, Hashable {
        /// Files, folders, globs, and lists of files.
        public var images: [FileEntry] = []
        public var resize: Resize?
        /// Cut out of the middle, after resizing.
        public var crop: Size?
        public var channels = Channels.rgb
        public var layout = Layout.nchw
        /// value = (pixel * scale - mean) / deviation, pixel from 0 to 255.
        public var scale = 1.0
        /// One for all channels, or one for each.
        public var mean = [0.0]
        public var deviation = [1.0]
        public var onError = ErrorPolicy.fail
        /// Nil: what the number of the input's axes says.
        public var items: ItemForm?
    }

    /// In pixels.
    public struct Size: Sendable, Codable, Hashable {
        public var width = 0
        public var height = 0
    }

    public struct Resize: Sendable, Codable, Hashable {
        public var width = 0
        public var height = 0
        public var fit = Fit.stretch
        public var interpolation = Interpolation.bilinear
        /// Pixel value around an image that is fitted with `contain`.
        public var fill = 0
    }

    /// What happens to an image of another aspect ratio.
    public enum Fit: String, Sendable, Codable, SpecificationChoice {
        case stretch, cover, contain

        var help: String {
            switch self {
            case .stretch: "width and height each for itself"
            case .cover: "scaled until nothing is empty, what sticks out is cut off evenly"
            case .contain: "scaled until nothing sticks out, the rest is `fill`, evenly on both sides"
            }
        }
    }

    /// How pixels between pixels are found.
    public enum Interpolation: String, Sendable, Codable, SpecificationChoice {
        case bilinear
        case antialiased = "bilinear-antialiased"
        case nearest

        var help: String {
            switch self {
            case .bilinear:
                "of the four neighbours, half-pixel centres, as PyTorch's interpolate and OpenCV's INTER_LINEAR"
            case .antialiased: "the same, over all pixels that shrink into one, as Pillow's BILINEAR"
            case .nearest: "the pixel under the centre, as Pillow's NEAREST"
            }
        }
    }

    public enum Channels: String, Sendable, Codable, SpecificationChoice {
        case gray, rgb, bgr

        var help: String {
            switch self {
            case .gray: "one channel, luma by ITU-R BT.601"
            case .rgb: "red first"
            case .bgr: "blue first, as OpenCV has it"
            }
        }

        /// Channels per pixel.
        public var count: Int { self == .gray ? 1 : 3 }
    }

    /// The order of an item's axes.
    public enum Layout: String, Sendable, Codable, SpecificationChoice {
        case nchw = "NCHW"
        case nhwc = "NHWC"

        var help: String { self == .nchw ? "channels, then rows" : "rows, channels innermost" }
    }

    /// What happens where an image cannot be decoded.
    public enum ErrorPolicy: String, Sendable, Codable, SpecificationChoice {
        case fail, skip

        var help: String {
            self == .fail ? "the job ends before it begins" : "a warning names it, the rest is computed"
        }
    }

    /// What the right answers are.
    public struct Labels: Sendable, Codable, Hashable {
        /// Path of a CSV file.
        public var file = ""
        public var fileColumn = "file"
        public var column = "label"
        /// Name of the model's output that is compared; nil where it has one.
        public var output: String?
    }
}
