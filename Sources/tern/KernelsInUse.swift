import FoundationEssentials
import Kernels

/// The fastest kernels for this processor, or those that the environment selects.
///
/// - Throws: ``KernelSelectionError`` if this processor cannot run them.
func kernelsInUse() throws(KernelSelectionError) -> any KernelSet.Type {
    try Kernels.select(ProcessInfo.processInfo.environment[Kernels.variable])
}
