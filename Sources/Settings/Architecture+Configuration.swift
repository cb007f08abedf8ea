import Datasets
import NeuralNetwork

extension Architecture {
    /// The shape of the examples that the network takes.
    public var exampleShape: ExampleShape {
        ExampleShape(rows: imageRows, columns: imageColumns, element: element)
    }

    /// The network of a configuration, sized for a data set's examples and classes.
    public init(_ configuration: TrainingConfiguration, for dataset: Dataset) {
        let shape = dataset.train.shape
        self.init(
            cell: configuration.cell, nonlinearity: configuration.nonlinearity,
            imageRows: shape.rows, imageColumns: shape.columns, element: shape.element,
            convolutions: configuration.convolution, sequence: configuration.sequence,
            hiddenSize: configuration.hidden,
            layers: configuration.layers, isBidirectional: configuration.bidirectional,
            dropout: configuration.dropout, readout: configuration.readout,
            classes: dataset.classes)
    }
}
