/// The data sets known by name, and recognised by their checksums.
public enum NamedDataset: String, CaseIterable, Sendable {
    /// Handwritten digits: 60,000 training and 10,000 test images of 28 x 28 pixels, 10 classes.
    case mnist
    /// Zalando's articles of clothing, in the same format and numbers as MNIST.
    case fashionMNIST = "fashion-mnist"

    /// The folders to search if none is given, in this order.
    public func searchPath(environment: [String: String]) -> [String] {
        switch self {
        case .mnist:
            [environment["TERN_MNIST_DIR"], "data/mnist"].compactMap(\.self).filter { !$0.isEmpty }
        case .fashionMNIST:
            ["data/fashion-mnist", "/usr/share/datasets/fashion-mnist"]
        }
    }

    /// How to get the data set, as the first half of a sentence.
    var remedy: String {
        switch self {
        case .mnist: "download them with Scripts/fetch-mnist"
        case .fashionMNIST: "install them with apt-get install dataset-fashion-mnist"
        }
    }

    /// The name of the data set with this digest; `custom` if it is not known.
    public static func name(ofDigest digest: String) -> String {
        let known = allCases.first { known in
            Dataset.digest(of: DatasetFile.allCases.map(known.checksum)) == digest
        }
        return known?.rawValue ?? "custom"
    }

    /// SHA-256 of a file's unpacked content, the same however it was packed.
    ///
    /// MNIST's sums are those of its files as published in 1998. Fashion-MNIST's are those of the files
    /// that its project publishes; Debian repacks the same content.
    func checksum(of file: DatasetFile) -> String {
        switch (self, file) {
        case (.mnist, .trainImages):
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        case (.mnist, .trainLabels):
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
        case (.mnist, .testImages):
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
        case (.mnist, .testLabels):
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        case (.fashionMNIST, .trainImages):
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
        case (.fashionMNIST, .trainLabels):
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
        case (.fashionMNIST, .testImages):
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        case (.fashionMNIST, .testLabels):
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        }
    }
}
