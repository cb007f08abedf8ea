import TernKit

var recipe = TrainingConfiguration()
recipe.cell = .gru
recipe.epochs = 1

let digits = try await Dataset.load(.mnist)
let model = try await Trainer(recipe, digits).train { epoch in
    print("epoch \(epoch.epoch): test accuracy \(epoch.test.accuracy)")
}
try model.write(to: "model.safetensors")

let predictor = try Predictor(ModelFile(path: "model.safetensors"))
let prediction = predictor.predict(digits.test[0])
print("a \(prediction.best), with probability \(prediction.probabilities[prediction.best])")
print("weights \(model.parameters.sha256)")
