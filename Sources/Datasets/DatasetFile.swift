import Glibc

/// The four files that make a data set, by the names that MNIST gave them.
enum DatasetFile: String, CaseIterable {
    case trainImages = "train-images-idx3-ubyte"
    case trainLabels = "train-labels-idx1-ubyte"
    case testImages = "t10k-images-idx3-ubyte"
    case testLabels = "t10k-labels-idx1-ubyte"

    /// How many dimensions the file has: count, rows and columns, or the count alone.
    var rank: Int {
        switch self {
        case .trainImages, .testImages: 3
        case .trainLabels, .testLabels: 1
        }
    }

    /// Where the file lies in a folder, if it is there under any of its names.
    ///
    /// The gzipped file comes first: it carries a checksum, and it is what `Scripts/fetch-mnist`
    /// puts there to mend a folder.
    func path(in directory: String) -> String? {
        // Some collections spell it train-images.idx3-ubyte.
        let dotted = rawValue.split(separator: "-idx").joined(separator: ".idx")
        return [rawValue, dotted]
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
        throw .unreadable(path: path, reason: "not a folder")
    }
}

/// What the operating system says about the call that just failed.
func systemError() -> String {
    String(cString: strerror(errno))
}
