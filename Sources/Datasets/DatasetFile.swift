import Glibc

/// The four files of a data set, by MNIST's names.
///
/// Examples with two dimensions or float32 values have similar names, such as
/// `train-images-idx2-float`. Only its header decides what a file holds.
enum DatasetFile: String, CaseIterable {
    case trainImages = "train-images-idx3-ubyte"
    case trainLabels = "train-labels-idx1-ubyte"
    case testImages = "t10k-images-idx3-ubyte"
    case testLabels = "t10k-labels-idx1-ubyte"

    /// What the file must hold.
    var content: IDXContent {
        switch self {
        case .trainImages, .testImages: .examples
        case .trainLabels, .testLabels: .labels
        }
    }

    /// The names that the file may have, the preferred one first.
    private var names: [String] {
        guard content == .examples else { return [rawValue] }
        let stem = rawValue.dropLast("idx3-ubyte".count)
        return [rawValue] + ["idx3-float", "idx2-ubyte", "idx2-float"].map { stem + $0 }
    }

    /// The file's path in a folder, if it exists under any of its names.
    ///
    /// The gzipped file comes first: it has a checksum, and `Scripts/fetch-mnist` writes it to repair a
    /// folder.
    func path(in directory: String) -> String? {
        // Some collections spell it train-images.idx3-ubyte.
        names.flatMap { [$0, $0.split(separator: "-idx").joined(separator: ".idx")] }
            .flatMap { ["\(directory)/\($0).gz", "\(directory)/\($0)"] }
            .first(where: exists)
    }
}

/// Whether a path exists; one that may not be looked at counts as existing, so that opening it reports
/// why.
private func exists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR)
}

/// Throws unless the path is a folder.
func requireDirectory(_ path: String) throws(DatasetError) {
    var status = stat()
    guard stat(path, &status) == 0 else {
        throw .unreadable(path: path, reason: systemError())
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
        throw .notAFolder(path: path)
    }
}

/// The operating system's reason why the last call failed.
func systemError() -> String {
    String(cString: strerror(errno))
}
