import Glibc

/// The four files that make a data set, by the names that MNIST gave them.
///
/// Examples of two dimensions or of float32 values are named after these, as in
/// `train-images-idx2-float`. What a file holds is decided by its header alone.
enum DatasetFile: String, CaseIterable {
    case trainImages = "train-images-idx3-ubyte"
    case trainLabels = "train-labels-idx1-ubyte"
    case testImages = "t10k-images-idx3-ubyte"
    case testLabels = "t10k-labels-idx1-ubyte"

    /// What the file is to hold.
    var content: IDXContent {
        switch self {
        case .trainImages, .testImages: .examples
        case .trainLabels, .testLabels: .labels
        }
    }

    /// The names that the file may have, the first one first.
    private var names: [String] {
        guard content == .examples else { return [rawValue] }
        let stem = rawValue.dropLast("idx3-ubyte".count)
        return [rawValue] + ["idx3-float", "idx2-ubyte", "idx2-float"].map { stem + $0 }
    }

    /// Where the file lies in a folder, if it is there under any of its names.
    ///
    /// The gzipped file comes first: it carries a checksum, and it is what `Scripts/fetch-mnist`
    /// puts there to mend a folder.
    func path(in directory: String) -> String? {
        // Some collections spell it train-images.idx3-ubyte.
        names.flatMap { [$0, $0.split(separator: "-idx").joined(separator: ".idx")] }
            .flatMap { ["\(directory)/\($0).gz", "\(directory)/\($0)"] }
            .first(where: exists)
    }
}

/// Whether there is anything of this name; what may not be looked at counts as there, so that
/// opening it tells why.
private func exists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR)
}

/// Throws unless there is a folder of this name.
func requireDirectory(_ path: String) throws(DatasetError) {
    var status = stat()
    guard stat(path, &status) == 0 else {
        throw .unreadable(path: path, reason: systemError())
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
        throw .notAFolder(path: path)
    }
}

/// What the operating system says about the call that just failed.
func systemError() -> String {
    String(cString: strerror(errno))
}
