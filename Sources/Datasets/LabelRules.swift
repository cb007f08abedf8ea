/// Labels, and where they come from.
struct LabelList {
    let name: String
    let labels: [UInt8]
}

/// How many classes there are, the highest training label plus one, if all labels can be right.
func countClasses(train: LabelList, test: LabelList) throws(DatasetError) -> Int {
    let trainCounts = occurrences(of: train.labels)
    let testCounts = occurrences(of: test.labels)
    let classes = trainCounts.count
    let used = trainCounts.count { $0 > 0 }
    guard used >= 2 else { throw .tooFewClasses(file: train.name, label: classes - 1) }

    if let index = test.labels.firstIndex(where: { $0 >= classes }) {
        throw outOfRange(test, at: index, expected: classes)
    }
    // A damaged label is a byte like any other, and would silently add classes that nothing else
    // belongs to. So the top class must be seen in the test set or be no rarity, and most classes
    // must have examples.
    let topSeenInTest = testCounts.count == classes
    let topIsRare = isRare(trainCounts[classes - 1], total: train.labels.count, classes: used)
    if (!topSeenInTest && topIsRare) || 2 * used < classes,
        let index = train.labels.firstIndex(where: { $0 == classes - 1 })
    {
        throw outOfRange(train, at: index, expected: topSeenInTest ? used : testCounts.count)
    }
    return classes
}

/// Whether a class has one example, or no more than a twentieth of the classes' average.
private func isRare(_ count: Int, total: Int, classes: Int) -> Bool {
    count <= max(1, total / (20 * classes))
}

/// How often each label occurs, from 0 to the highest one.
private func occurrences(of labels: [UInt8]) -> [Int] {
    var counts = [Int](repeating: 0, count: 1 + Int(labels.max() ?? 0))
    for label in labels { counts[Int(label)] += 1 }
    return counts
}

private func outOfRange(_ list: LabelList, at index: Int, expected classes: Int) -> DatasetError {
    .labelOutOfRange(
        file: list.name, index: index, label: Int(list.labels[index]), expected: 0...classes - 1)
}
