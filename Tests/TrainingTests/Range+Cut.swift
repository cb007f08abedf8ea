extension Range<Int> {
    /// The range split into nearly equal ranges, some empty if it is short.
    func cut(into parts: Int) -> [Range<Int>] {
        let bounds = (0...parts).map { lowerBound + $0 * count / parts }
        return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
    }
}
