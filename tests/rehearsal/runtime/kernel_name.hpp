// What a kernel is called: it has no name that the dynamic linker knows.
#pragma once

#include <string>

namespace rehearsal {

/// From the program's own symbol table; "a kernel" where that was stripped.
[[nodiscard]] std::string kernel_name(const void* function);

}  // namespace rehearsal
