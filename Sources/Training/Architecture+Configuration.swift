import Datasets
import NeuralNetwork

extension Architecture {
    /// The network that a configuration asks for, to fit a data set's images and classes.
    public init(_ configuration: TrainingConfiguration, for dataset: Dataset) {
        self.init(
            cell: configuration.cell, nonlinearity: configuration.nonlinearity,
            imageRows: dataset.train.rows, imageColumns: dataset.train.columns,
            convolutions: configuration.convolution, sequence: configuration.sequence,
            hiddenSize: configuration.hidden,
            layers: configuration.layers, isBidirectional: configuration.bidirectional,
            dropout: configuration.dropout, readout: configuration.readout,
            classes: dataset.classes)
    }
}
