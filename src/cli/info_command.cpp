// info: what this machine can run, and why not the rest.
#include <hourglass/device.hpp>
#include <hourglass/version.hpp>
#include <iomanip>
#include <iostream>

#include "cli/commands.hpp"

namespace hourglass::cli {
namespace {

void print_info() {
  constexpr int kColumn = 16;
  const auto row = [](const std::string& name, const std::string& value) {
    std::cout << "  " << std::left << std::setw(kColumn) << name << value << '\n';
  };
  std::cout << "hourglass " HOURGLASS_VERSION "\n\ndevices\n";
  bool any_gpu = false;
  for (const DeviceStatus& device : list_devices()) {
    const std::string name =
        device.kind == DeviceKind::cpu
            ? "cpu"
            : (device.usable ? "cuda:" + std::to_string(device.index) : "cuda");
    any_gpu |= device.kind == DeviceKind::cuda && device.usable;
    std::string text = device.name;
    if (!device.detail.empty()) text += ", " + device.detail;
    row(name, device.usable ? text : "not usable: " + device.problem);
  }
  std::cout << "\nengines\n";
  row("layered", std::string("fp32") + (any_gpu ? "; tf32 on the GPU" : "; tf32 needs a GPU"));
  row("fused", "fp32; models of dense layers, and of conv's family (pooling, then upsampling)");
  std::cout << "\nlibraries\n";
  for (const LibraryVersion& library : library_versions()) row(library.name, library.version);
  const std::string architectures = kCudaArchitectures;
  if (!architectures.empty()) row("CUDA code for", architectures);
}

}  // namespace

void add_info_command(CLI::App& program) {
  program.add_subcommand("info", "devices, engines and library versions")->callback(print_info);
}

}  // namespace hourglass::cli
