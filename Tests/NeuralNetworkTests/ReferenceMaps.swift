/// Feature maps [channels][rows][columns] of an image in double precision.
struct ReferenceMaps {
    let channels: Int
    let rows: Int
    let columns: Int
    var values: [Double]

    /// A 3 x 3 convolution with a bias; beyond their edges the maps are zero.
    func convolved(weight: [Double], bias: [Double]) -> ReferenceMaps {
        let sums = bias.indices.flatMap { output in
            (0..<rows).flatMap { row in
                (0..<columns).map { column in
                    var sum = bias[output]
                    for (index, (channel, y, x)) in Self.neighbours(channels).enumerated() {
                        let pixel = self[channel, row + y, column + x]
                        sum += weight[output * 9 * channels + index] * pixel
                    }
                    return sum
                }
            }
        }
        return ReferenceMaps(channels: bias.count, rows: rows, columns: columns, values: sums)
    }

    /// The maps with negative values replaced by zero.
    var rectified: ReferenceMaps {
        var maps = self
        maps.values = values.map { max($0, 0) }
        return maps
    }

    /// The maximum of every block of 2 x 2; an odd last row or column is ignored.
    var pooled: ReferenceMaps {
        let values = (0..<channels).flatMap { channel in
            (0..<rows / 2).flatMap { row in
                (0..<columns / 2).map { column in
                    max(
                        self[channel, 2 * row, 2 * column], self[channel, 2 * row, 2 * column + 1],
                        self[channel, 2 * row + 1, 2 * column],
                        self[channel, 2 * row + 1, 2 * column + 1])
                }
            }
        }
        return ReferenceMaps(
            channels: channels, rows: rows / 2, columns: columns / 2, values: values)
    }

    /// The rows as time steps, each with all channels.
    var sequence: [[Double]] {
        (0..<rows).map { row in
            (0..<channels).flatMap { channel in (0..<columns).map { self[channel, row, $0] } }
        }
    }

    private subscript(channel: Int, row: Int, column: Int) -> Double {
        guard (0..<rows).contains(row), (0..<columns).contains(column) else { return 0 }
        return values[(channel * rows + row) * columns + column]
    }

    /// The inputs of a convolution's sum, as channel and offsets, in the order of the weights.
    private static func neighbours(_ channels: Int) -> [(channel: Int, y: Int, x: Int)] {
        (0..<channels).flatMap { channel in
            (-1...1).flatMap { y in (-1...1).map { x in (channel, y, x) } }
        }
    }
}
