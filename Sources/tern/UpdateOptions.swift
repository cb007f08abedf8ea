import ArgumentParser
import Optimizers

/// The options of the update.
struct UpdateOptions: SettingOptions {
    @Option(help: .setting(\.labelSmoothing)) var labelSmoothing: Double?
    @Option(help: .setting(\.learningRate)) var learningRate: Double?
    @Option(help: .setting(\.optimizer)) var optimizer: OptimizerKind?
    @Option(help: .setting(\.momentum)) var momentum: Double?
    @Flag(inversion: .prefixedNo, help: .setting(\.nesterov)) var nesterov: Bool?
    @Option(help: .setting(\.weightDecay)) var weightDecay: Double?
    @Option(help: .setting(\.clipNorm)) var clipNorm: Double?
    @Option(help: .setting(\.schedule)) var schedule: ScheduleKind?
    @Option(help: .setting(\.warmup)) var warmup: Int?
    @Option(help: .setting(\.stepEpochs)) var stepEpochs: Int?
    @Option(help: .setting(\.gamma)) var gamma: Double?
}

extension OptimizerKind: ExpressibleByArgument {}
extension ScheduleKind: ExpressibleByArgument {}
