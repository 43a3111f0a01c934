// Models as JSON: what is written is read back, and every mistake is named where it is.
#include <gtest/gtest.h>

#include <hourglass/error.hpp>
#include <hourglass/model.hpp>
#include <string>

#include "autoencoder/parameters.hpp"

namespace hourglass {
namespace {

/// A small description with `from` replaced by `to`.
std::string with(const std::string& from, const std::string& to) {
  std::string text = R"({"name": "mine", "input": [1, 4, 6],
    "encoder": [{"type": "convolution", "outputs": 3, "activation": "relu"},
                {"type": "max_pool"},
                {"type": "dense", "outputs": 5}],
    "decoder": [{"type": "dense", "outputs": 6, "activation": "relu"},
                {"type": "reshape", "shape": [1, 2, 3]},
                {"type": "upsample"},
                {"type": "convolution", "outputs": 1, "activation": "sigmoid"}],
    "training": {"epochs": 7, "batch_size": 3, "learning_rate": 0.01, "loss": "mse"}})";
  const auto place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return text.replace(place, from.size(), to);
}

std::string error_of(const std::string& json) {
  try {
    (void)parse_model(json, "mine.json");
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error for " << json;
  return "";
}

TEST(Description, IsRead) {
  const Model model = parse_model(with("mine", "mine"), "mine.json");
  EXPECT_EQ(model.name, "mine");
  EXPECT_EQ(model.input, (ImageShape{1, 4, 6}));
  EXPECT_EQ(model.latent(), (ImageShape{5, 1, 1}));
  ASSERT_EQ(model.encoder.size(), 3U);
  EXPECT_TRUE(model.encoder[0].relu);
  EXPECT_FALSE(model.encoder[2].relu);
  EXPECT_EQ(
      model.training,
      (TrainingDefaults{.epochs = 7, .batch_size = 3, .learning_rate = 0.01, .loss = Loss::mse}));
  const auto specs = parameter_specs(model);
  ASSERT_EQ(specs.size(), 8U);
  EXPECT_EQ(specs[2].name, "dense1.weight");
  EXPECT_EQ(specs[2].shape, (Shape{5, 18}));
  EXPECT_EQ(specs[6].name, "conv2.weight");
}

TEST(Description, WhatIsWrittenIsReadBack) {
  for (const Model& model :
       {conv_model(), dense_model(), parse_model(with("mine", "my-own_2.x"), "x")}) {
    const std::string json = to_json(model);
    EXPECT_EQ(json.find('\n'), std::string::npos);
    const Model again = parse_model(json, "x");
    EXPECT_EQ(to_json(again), json);
    EXPECT_EQ(again.shapes(), model.shapes());
    EXPECT_EQ(again.training, model.training);
  }
}

TEST(Description, ImagesOfOneChannelOrOneRowMayBeShort) {
  const auto dense = [](const std::string& input) {
    return R"({"name": "d", "input": )" + input +
           R"(, "encoder": [{"type": "dense", "outputs": 2}],
              "decoder": [{"type": "dense", "outputs": 12, "activation": "sigmoid"}]})";
  };
  EXPECT_EQ(parse_model(dense("[12]"), "d").input, (ImageShape{1, 1, 12}));
  EXPECT_EQ(parse_model(dense("[3, 4]"), "d").input, (ImageShape{1, 3, 4}));
  EXPECT_EQ(parse_model(dense("[3, 2, 2]"), "d").input, (ImageShape{3, 2, 2}));
  EXPECT_EQ(parse_model(dense("[3, 2, 2]"), "d").shapes().back(), (ImageShape{3, 2, 2}));
  EXPECT_EQ(parse_model(dense("[12]"), "d").training, TrainingDefaults{});
}

TEST(Description, ALinearOutputIsForSquaredErrorsAlone) {
  const auto linear = [](const std::string& training) {
    return R"({"name": "d", "input": [4], "encoder": [{"type": "dense", "outputs": 2}],
               "decoder": [{"type": "dense", "outputs": 4, "activation": "none"}])" +
           training + "}";
  };
  const Model model = parse_model(linear(""), "d");
  EXPECT_EQ(model.output, OutputActivation::none);
  EXPECT_EQ(model.training.loss, Loss::mse);
  EXPECT_EQ(to_json(parse_model(to_json(model), "x")), to_json(model));
  EXPECT_EQ(parse_model(to_json(model), "x").output, OutputActivation::none);
  EXPECT_EQ(conv_model().output, OutputActivation::sigmoid);
  EXPECT_NE(error_of(linear(R"(, "training": {"loss": "bce"})")).find("use mse"),
            std::string::npos);
}

TEST(Description, MistakesAreNamedWhereTheyAre) {
  struct Mistake {
    const char* from;
    const char* to;
    const char* complaint;
  };
  const Mistake mistakes[] = {
      {"\"max_pool\"", "\"pool\"", "encoder layer 2: unknown type 'pool'; expected convolution, "},
      {"\"activation\": \"relu\"", "\"activation\": \"gelu\"",
       "encoder layer 1 (convolution): unknown activation 'gelu'; expected none, relu or sigmoid"},
      {"\"outputs\": 5", "\"outputs\": 0", "encoder layer 3 (dense): 'outputs' holds 0"},
      {"\"outputs\": 5", "\"outputs\": -5", "'outputs' holds -5; expected a whole number"},
      {"\"outputs\": 5", "\"outputs\": 2.5", "'outputs' holds 2.5"},
      {"\"outputs\": 5", "\"outputs\": \"5\"", "'outputs' holds \"5\""},
      {"\"outputs\": 5", "\"width\": 5", "unknown member 'width'"},
      {", \"outputs\": 5", "", "encoder layer 3 (dense): 'outputs' is missing"},
      {"\"outputs\": 5", "\"outputs\": 99999999999", "more than"},
      {"{\"type\": \"max_pool\"}", "{\"type\": \"max_pool\", \"outputs\": 2}",
       "unknown member 'outputs'"},
      {"{\"type\": \"max_pool\"}", "\"max_pool\"", "expected an object, found \"max_pool\""},
      {"[1, 2, 3]", "[1, 2, 4]",
       "decoder layer 2: cannot reshape 6 values (6 x 1 x 1) to 1 x 2 x 4"},
      {"\"outputs\": 1, \"activation\": \"sigmoid\"", "\"outputs\": 2, \"activation\": \"sigmoid\"",
       "the decoder ends with 2 x 4 x 6, but the input is 1 x 4 x 6"},
      {"\"sigmoid\"", "\"relu\"",
       "the last layer's activation must be sigmoid, for values in [0, 1], or none"},
      {"\"outputs\": 1, \"activation\": \"sigmoid\"", "\"outputs\": 1",
       "the last layer's activation must be sigmoid, for values in [0, 1], or none"},
      {"\"outputs\": 5}", "\"outputs\": 5, \"activation\": \"sigmoid\"}",
       "sigmoid is for the last"},
      {"[1, 4, 6]", "[1, 1, 1]", "cannot pool 2 x 2 windows of a map of 3 x 1 x 1"},
      {"[1, 4, 6]", "[]", "'input' is []; expected a list of channels, rows and columns"},
      {"[1, 4, 6]", "[1, 4, 0]", "'input' holds 0"},
      {"[1, 4, 6]", "[9999999, 9999999, 9999999]", "expected 1 to"},
      {"\"input\"", "\"inputs\"", "unknown member 'inputs'"},
      {"\"mse\"", "\"mae\"", "training: unknown loss 'mae'; expected bce or mse"},
      {"0.01", "0", "'learning_rate' is 0"},
      {"\"epochs\": 7", "\"epochs\": 0", "training: 'epochs' holds 0"},
      {"\"mine\"", "\"../mine\"", "'name' is"},
      {"\"mine\"", "\"\"", "'name' is"},
      {"\"mine\"", "\"..\"", "'name' is"},
      {"\"mine\"", "\"my own\"", "'name' is"},
      {"\"outputs\": 5", "\"outputs\": 16000000", "parameters; at most"},
      {"\"name\": \"mine\", ", "", "'name' is missing"},
      {"{\"name\"", "[\"name\"", "not JSON (at byte"},
  };
  for (const Mistake& mistake : mistakes) {
    const std::string complaint = error_of(with(mistake.from, mistake.to));
    EXPECT_TRUE(complaint.starts_with("mine.json: ")) << complaint;
    EXPECT_NE(complaint.find(mistake.complaint), std::string::npos) << complaint;
    EXPECT_EQ(complaint.find('\n'), std::string::npos) << complaint;
  }
  EXPECT_NE(error_of("[]").find("expected an object"), std::string::npos);
  EXPECT_NE(error_of(std::string(100000, '[')).find("too deep"), std::string::npos);
  EXPECT_THROW((void)load_model("no/such/file.json"), Error);
}

TEST(Description, AnEmptyHalfIsRefused) {
  const std::string no_encoder = R"({"name": "d", "input": [4], "encoder": [], "decoder":
      [{"type": "dense", "outputs": 4, "activation": "sigmoid"}]})";
  EXPECT_NE(error_of(no_encoder).find("'encoder' is []"), std::string::npos);
}

}  // namespace
}  // namespace hourglass
