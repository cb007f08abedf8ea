extension Range<Int> {
    /// The range as nearly equal ranges, some of them empty where it is short.
    func cut(into parts: Int) -> [Range<Int>] {
        let bounds = (0...parts).map { lowerBound + $0 * count / parts }
        return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
    }
}
