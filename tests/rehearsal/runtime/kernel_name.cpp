#include "rehearsal/runtime/kernel_name.hpp"

#include <cxxabi.h>
#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <vector>

namespace rehearsal {
namespace {

template <class T>
std::vector<T> read(std::ifstream& file, std::uint64_t offset, std::uint64_t bytes) {
  std::vector<T> values(bytes / sizeof(T));
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(bytes));
  return values;
}

std::uintptr_t load_address() {
  std::uintptr_t address = 0;  // of the first object: the program
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        *static_cast<std::uintptr_t*>(result) = info->dlpi_addr;
        return 1;
      },
      &address);
  return address;
}

/// "hourglass::cuda::kernels::(anonymous namespace)::adam_kernel(float*, ...)" as "adam_kernel".
std::string short_name(const char* mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> full(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  std::string name = status == 0 ? full.get() : mangled;
  const std::string anonymous = "(anonymous namespace)::";
  if (const auto at = name.find(anonymous); at != std::string::npos) {
    name.erase(0, at + anonymous.size());
  }
  return name.substr(0, name.find('('));
}

}  // namespace

std::string kernel_name(const void* function) {
  const std::uintptr_t wanted = reinterpret_cast<std::uintptr_t>(function) - load_address();
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const auto header = read<ElfW(Ehdr)>(file, 0, sizeof(ElfW(Ehdr))).front();
  const auto sections = read<ElfW(Shdr)>(file, header.e_shoff, header.e_shnum * sizeof(ElfW(Shdr)));
  for (const auto& section : sections) {
    if (section.sh_type != SHT_SYMTAB) continue;
    const auto& strings = sections[section.sh_link];
    for (const auto& symbol : read<ElfW(Sym)>(file, section.sh_offset, section.sh_size)) {
      if (symbol.st_value != wanted || ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
      return short_name(read<char>(file, strings.sh_offset, strings.sh_size).data() +
                        symbol.st_name);
    }
  }
  return "a kernel";
}

}  // namespace rehearsal
