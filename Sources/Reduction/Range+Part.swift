extension Range<Int> {
    /// Part `index` of `count` that are as equal as can be, and follow one another.
    public func part(_ index: Int, of count: Int) -> Range<Int> {
        let size = upperBound - lowerBound
        return lowerBound + index * size / count..<lowerBound + (index + 1) * size / count
    }
}
