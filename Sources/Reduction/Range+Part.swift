extension Range<Int> {
    /// Part `index` of `count` consecutive parts whose sizes differ by one at most.
    public func part(_ index: Int, of count: Int) -> Range<Int> {
        let size = upperBound - lowerBound
        return lowerBound + index * size / count..<lowerBound + (index + 1) * size / count
    }
}
