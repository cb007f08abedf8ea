import Training
import ZeroMQ

extension Frame: PayloadFrame {}
