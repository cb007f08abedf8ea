import Training

extension ModelFile {
    /// Reads the model that a person names by its file or by the folder of its run.
    static func load(_ model: String) throws -> (path: String, file: ModelFile) {
        let inFolder = "\(model)/model.safetensors"
        let path = Files.exists(inFolder) ? inFolder : model
        return (path, try ModelFile(parsing: Files.read(path), path: path))
    }
}
