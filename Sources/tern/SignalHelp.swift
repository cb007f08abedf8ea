/// Help texts about signals.
enum SignalHelp {
    static let ofTraining = """
        Signals: SIGINT (Ctrl-C), SIGTERM and SIGHUP finish the step, write a checkpoint and end the \
        run; the same signal again, a second or more later, ends it at once. SIGUSR1 and SIGUSR2 write \
        a checkpoint, and training goes on.
        """

    static let ofWorker = """
        Signals: SIGINT (Ctrl-C), SIGTERM and SIGHUP finish the answer under way and leave; the same \
        signal again, a second or more later, ends it at once. SIGUSR1 and SIGUSR2 are ignored.
        """
}
