// What must hold before a training begins.
#pragma once

#include <hourglass/autoencoder.hpp>
#include <string>

namespace hourglass {

/// Throws Error if there are no rows, or rows of another size.
void check_size(const Images& rows, const ImageShape& expected, const std::string& what);

/// Throws Error for images in the memory of a GPU that is not this device.
void check_place(const Images& rows, const Device& device, const std::string& what);

/// Throws Error for images a model cannot be trained on there, UsageError for bad options.
void check_training(const Model& model, const Device& device, const Images& images,
                    const Images& validation, const TrainingOptions& options);

}  // namespace hourglass
