// Signals that come during a long call on the CPU, such as Ctrl-C.
#pragma once

namespace hourglass {

/// Gives the handlers of signals a stack of their own on the calling thread, unless they have one.
/// Only handlers set with SA_ONSTACK use it. A program that has handlers should call it once, in
/// main(), before anything else of this library: oneDNN's products for AVX-512 keep values below
/// the stack pointer, farther than the 128 bytes that a signal spares (System V ABI, x86-64), and a
/// handler on the same stack writes over them. The kernel gives signals of a process to its first
/// thread. Python sets its handlers so from 3.10 on; the package calls this when it is imported.
void use_signal_stack();

}  // namespace hourglass
