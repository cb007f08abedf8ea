/// How often each label occurs in a data set.
///
/// The highest label decides the number of classes. Classes without examples are allowed, but often a
/// mistake: ``warning`` counts them.
public struct LabelCounts: Sendable, Equatable {
    /// The training examples of each class.
    public let train: [Int]
    /// The test examples of each class.
    public let test: [Int]

    /// The number of classes: labels run from 0 to one less.
    public var classes: Int { train.count }

    /// Counts labels.
    ///
    /// - Throws: ``DatasetError`` if there are no training examples, or all of them have one label.
    init(train: LabelList, test: LabelList) throws(DatasetError) {
        guard let first = train.labels.first else { throw .noExamples(name: train.name) }
        let classes = 1 + Int(max(train.labels.max() ?? 0, test.labels.max() ?? 0))
        self.train = train.occurrences(classes: classes)
        self.test = test.occurrences(classes: classes)
        guard self.train.count(where: { $0 > 0 }) >= 2 else {
            throw .tooFewClasses(file: train.name, label: Int(first))
        }
    }

    /// The classes that cannot be learned or tested, counted; nil if there are none.
    public var warning: String? {
        let all = 0..<classes
        let unused = all.filter { train[$0] == 0 && test[$0] == 0 }
        let untaught = all.filter { train[$0] == 0 && test[$0] > 0 }
        let untested = all.filter { train[$0] > 0 && test[$0] == 0 }
        func sum(_ counts: [Int], of labels: [Int]) -> Int { labels.reduce(0) { $0 + counts[$1] } }
        var parts: [String] = []
        if !unused.isEmpty {
            parts.append("\(have(unused)) no training example and no test example")
        }
        if !untaught.isEmpty {
            let count = examples(sum(test, of: untaught), "test")
            parts.append("\(have(untaught)) no training example but \(count)")
        }
        if !untested.isEmpty {
            let count = examples(sum(train, of: untested), "training")
            parts.append("\(have(untested)) no test example but \(count)")
        }
        guard !parts.isEmpty else { return nil }
        let lowest = all.first { train[$0] + test[$0] > 0 } ?? 0
        return "labels \(lowest) to \(classes - 1) make \(classes) classes: "
            + parts.joined(separator: "; ")
    }

    /// The start of a sentence about some classes: `class 7 has`, `5 classes (0 to 3, 9) have`.
    private func have(_ labels: [Int]) -> String {
        guard labels.count > 1 else { return "class \(labels[0]) has" }
        var runs: [ClosedRange<Int>] = []
        for label in labels {
            if let last = runs.last, last.upperBound + 1 == label {
                runs[runs.count - 1] = last.lowerBound...label
            } else {
                runs.append(label...label)
            }
        }
        let list = runs.map { run in
            run.count == 1 ? "\(run.lowerBound)" : "\(run.lowerBound) to \(run.upperBound)"
        }
        return "\(labels.count) classes (\(list.joined(separator: ", "))) have"
    }

    private func examples(_ count: Int, _ kind: String) -> String {
        "\(count) \(kind) example\(count == 1 ? "" : "s")"
    }
}

/// Labels and their source.
struct LabelList {
    let name: String
    let labels: [UInt8]

    /// How often each label occurs.
    fileprivate func occurrences(classes: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: classes)
        for label in labels { counts[Int(label)] += 1 }
        return counts
    }
}
