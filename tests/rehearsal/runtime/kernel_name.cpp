// What a kernel is called: it has no name that the dynamic linker knows.
#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <boost/core/demangle.hpp>
#include <boost/interprocess/file_mapping.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <cstdint>
#include <span>

#include "rehearsal/runtime/gpu.hpp"

namespace rehearsal {
namespace {

/// The program's file, whole.
const char* program() {
  namespace files = boost::interprocess;
  static const files::mapped_region whole(files::file_mapping("/proc/self/exe", files::read_only),
                                          files::read_only);
  return static_cast<const char*>(whole.get_address());
}

template <class T>
std::span<const T> part(std::size_t offset, std::size_t bytes) {
  return {reinterpret_cast<const T*>(program() + offset), bytes / sizeof(T)};
}

/// "hourglass::cuda::kernels::(anonymous namespace)::adam_kernel(float*, ...)" as "adam_kernel".
std::string short_name(const char* mangled) {
  const std::string name = boost::core::demangle(mangled);
  const std::string anonymous = "(anonymous namespace)::";
  const auto at = name.find(anonymous);
  const auto begin = at == std::string::npos ? 0 : at + anonymous.size();
  return name.substr(begin, name.find('(', begin) - begin);
}

}  // namespace

std::string kernel_name(const void* function) {
  Dl_info object{};
  link_map* loaded = nullptr;
  dladdr1(function, &object, reinterpret_cast<void**>(&loaded), RTLD_DL_LINKMAP);
  const auto wanted = reinterpret_cast<std::uintptr_t>(function) - loaded->l_addr;
  const auto& header = part<ElfW(Ehdr)>(0, sizeof(ElfW(Ehdr))).front();
  const auto sections = part<ElfW(Shdr)>(header.e_shoff, header.e_shnum * sizeof(ElfW(Shdr)));
  for (const auto& section : sections) {
    if (section.sh_type != SHT_SYMTAB) continue;
    for (const auto& symbol : part<ElfW(Sym)>(section.sh_offset, section.sh_size)) {
      if (symbol.st_value != wanted || ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
      return short_name(program() + sections[section.sh_link].sh_offset + symbol.st_name);
    }
  }
  return "a kernel";
}

}  // namespace rehearsal
