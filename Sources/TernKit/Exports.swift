// Everything that a program with TernKit needs comes with one import.

@_exported import Datasets
@_exported import Files
@_exported import ModelFiles
@_exported import NeuralNetwork
@_exported import Optimizers
@_exported import Reduction
@_exported import RunEvents
@_exported import Settings
@_exported import Training
