/// The number of values inside a value, at any depth: the memory of a process.
///
/// Uses reflection, so that it counts new properties of a machine too.
func storedValues(in value: Any) -> Int {
    Mirror(reflecting: value).children.reduce(1) { $0 + storedValues(in: $1.value) }
}
