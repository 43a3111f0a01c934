// Parameters on disk: safetensors, with the model's description in the file.
#pragma once

#include <filesystem>
#include <hourglass/model.hpp>
#include <span>
#include <string>
#include <vector>

#include "autoencoder/parameters.hpp"

namespace hourglass {

/// Flat, as the layout says. Every tensor of the model must be there, with its shape and finite
/// values, and no other.
[[nodiscard]] std::vector<float> load_parameters(const std::filesystem::path& file,
                                                 const Model& model, const ParameterLayout& layout);

void save_parameters(const std::filesystem::path& file, const Model& model,
                     const ParameterLayout& layout, std::span<const float> flat);

/// Into the flat buffer. Throws Error, which begins with `where`, for another shape than the
/// model's and values that are not finite.
void put_tensor(const ParameterLayout& layout, std::size_t number, const Model& model,
                const Array<float>& tensor, const std::string& where, std::span<float> flat);

/// One tensor of the flat buffer.
[[nodiscard]] Array<float> tensor_of(const ParameterLayout& layout, std::size_t tensor,
                                     std::span<const float> flat);

}  // namespace hourglass
