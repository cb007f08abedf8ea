import ZeroMQ

extension Frame: PayloadFrame {}
