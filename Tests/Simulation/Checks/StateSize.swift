/// How many values a value holds, however deep: what a process remembers.
///
/// Found by reflection, so that nothing that is added to a machine is forgotten here.
func storedValues(in value: Any) -> Int {
    Mirror(reflecting: value).children.reduce(1) { $0 + storedValues(in: $1.value) }
}
