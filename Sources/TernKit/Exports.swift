// Everything that a program with TernKit needs comes with one import.

@_exported import Datasets
@_exported import NeuralNetwork
@_exported import Optimizers
@_exported import Training
