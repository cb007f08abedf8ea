// What a program needs that imports TernKit: one import brings it all.

@_exported import Datasets
@_exported import NeuralNetwork
@_exported import Optimizers
@_exported import Training
