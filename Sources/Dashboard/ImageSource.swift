import FoundationEssentials
import Monitoring

/// An image as a `data:` URL (RFC 2397) with a grey bitmap (BMP).
func imageSource(_ picture: TestReport.Picture) -> String {
    let stride = (picture.columns + 3) / 4 * 4
    let (header, palette) = (54, 1024)
    func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var bytes = Array("BM".utf8)
    bytes += little(header + palette + stride * picture.rows, 4) + little(0, 4)
    bytes += little(header + palette, 4) + little(40, 4)
    bytes += little(picture.columns, 4) + little(picture.rows, 4)
    bytes += little(1, 2) + little(8, 2) + little(0, 4) + little(stride * picture.rows, 4)
    bytes += little(2835, 4) + little(2835, 4) + little(256, 4) + little(0, 4)
    for shade in 0..<256 { bytes += [UInt8(shade), UInt8(shade), UInt8(shade), 0] }
    let pixels = [UInt8](picture.pixels)
    // A bitmap's rows are stored from the bottom up, each padded to a multiple of four bytes.
    for row in (0..<picture.rows).reversed() {
        bytes += pixels[row * picture.columns..<(row + 1) * picture.columns]
        bytes += [UInt8](repeating: 0, count: stride - picture.columns)
    }
    return "data:image/bmp;base64," + Data(bytes).base64EncodedString()
}
