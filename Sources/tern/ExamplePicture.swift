import Datasets
import Images
import Monitoring

/// An example of an IDX file as a picture; floats are scaled from the lowest, black, to the
/// highest, white.
func picture(of example: ArraySlice<UInt8>, _ shape: ExampleShape) -> Picture {
    func picture(_ pixels: [UInt8], _ notes: [String] = []) -> Picture {
        Picture(rows: shape.rows, columns: shape.columns, pixels: pixels, notes: notes)
    }
    guard shape.element == .float32 else { return picture(Array(example)) }
    let values = stride(from: example.startIndex, to: example.endIndex, by: 4).map { first in
        Float(
            bitPattern: example[first..<first + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }
    let (lowest, highest) = (values.min() ?? 0, values.max() ?? 0)
    let range = Double(highest) - Double(lowest)
    let shades = values.map { value in
        range > 0 ? UInt8(255 * (Double(value) - Double(lowest)) / range) : 0
    }
    return picture(shades, ["values from \(lowest) to \(highest)"])
}

extension ExampleSet {
    /// An example as a picture for a run's folder.
    func picture(of index: Int) -> TestReport.Picture {
        let size = shape.byteCount
        let picture = tern.picture(of: values[index * size..<(index + 1) * size], shape)
        return TestReport.Picture(
            rows: picture.rows, columns: picture.columns, pixels: picture.pixels)
    }
}
