import Monitoring

/// The points of an SVG polyline or polygon, to a tenth of a unit.
struct PointList {
    private var bytes: [UInt8] = []

    /// Adds a point.
    mutating func add(_ point: (x: Double, y: Double)) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
        bytes.append(fixed: point.x, 1)
        bytes.append(UInt8(ascii: ","))
        bytes.append(fixed: point.y, 1)
    }

    /// The attribute's text.
    var text: String { String(decoding: bytes, as: UTF8.self) }
}
