// An autoencoder on a device.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <atomic>
#include <hourglass/autoencoder.hpp>
#include <hourglass/metrics.hpp>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "arrays.hpp"
#include "bindings.hpp"
#include "calls.hpp"

namespace hourglass::python {
namespace {

/// Threads of Python may share one; they take turns.
class Network {
  /// Whose turn it is, while it is.
  class Turn {
   public:
    explicit Turn(Network& network) : lock_(network.mutex_), whose_(network.whose_turn_) {
      whose_ = std::this_thread::get_id();
    }
    ~Turn() { whose_ = std::thread::id(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    std::scoped_lock<std::mutex> lock_;
    std::atomic<std::thread::id>& whose_;
  };

  // First, for what they return is deduced.
  template <class Work>
  auto take_turn(Work work) {
    if (whose_turn_ == std::this_thread::get_id()) {
      throw std::runtime_error(
          "the autoencoder is learning: its callbacks cannot use it meanwhile");
    }
    return long_call([&](Interrupt& interrupt) {
      const Turn turn(*this);
      return work(interrupt);
    });
  }
  template <class Work>
  nb::ndarray<nb::numpy, float> run(Work work) {
    return to_numpy(take_turn(work));
  }
  /// Where the rows are: to NumPy's array, or from a GPU's to a GPU's.
  template <class Given, class OnHost, class OnGpu>
  nb::object run(const Given& given, OnHost on_host, OnGpu on_gpu) {
    if (!std::holds_alternative<GpuArray>(given)) {
      return nb::cast(run([&](Interrupt& interrupt) { return on_host(interrupt.request()); }));
    }
    return nb::cast(
        take_turn([&](Interrupt& interrupt) { return GpuArray(on_gpu(interrupt.request())); }));
  }

 public:
  Network(const std::string& json, const std::string& device, const std::string& engine,
          const std::string& precision)
      : autoencoder_(parse_model(json, "the model"), select_device(device),
                     parse<EngineKind>(engine, "engine"),
                     parse<Precision>(precision, "precision")) {}

  [[nodiscard]] std::string model() const { return to_json(autoencoder_.model()); }
  [[nodiscard]] std::string engine() const { return std::string(name_of(autoencoder_.engine())); }
  [[nodiscard]] std::string why_not_fused() const { return autoencoder_.why_not_fused(); }

  void initialize(std::uint64_t seed) {
    take_turn([&](Interrupt&) { autoencoder_.initialize(seed); });
  }

  [[nodiscard]] nb::dict parameters() {
    auto tensors = take_turn([&](Interrupt&) { return autoencoder_.parameters(); });
    nb::dict named;
    const auto specs = parameter_specs(autoencoder_.model());
    for (std::size_t i = 0; i < specs.size(); ++i) {
      named[specs[i].name.c_str()] = to_numpy(std::move(tensors[i]));
    }
    return named;
  }
  /// In the order in which parameters() has them.
  void set_parameters(const std::vector<Given<float>>& given) {
    std::vector<Array<float>> tensors;
    for (const auto& tensor : given) tensors.push_back(view(tensor).copy());
    take_turn([&](Interrupt&) { autoencoder_.set_parameters(tensors); });
  }

  void save(const std::string& file) {
    take_turn([&](Interrupt&) { autoencoder_.save_weights(file); });
  }
  void load(const std::string& file) {
    take_turn([&](Interrupt&) { autoencoder_.load_weights(file); });
  }

  /// on_step(epoch, images seen, images) and on_epoch(epoch, training loss, validation loss,
  /// seconds); the latter's answer, if it is True, ends the training.
  void train(const GivenImages& given, const GivenImages& held_out, const nb::dict& options,
             const nb::object& on_step, const nb::object& on_epoch) {
    TrainingOptions chosen{
        .epochs = nb::cast<std::size_t>(options["epochs"]),
        .batch_size = nb::cast<std::size_t>(options["batch_size"]),
        .learning_rate = nb::cast<double>(options["learning_rate"]),
        .loss = nb::cast<std::string>(options["loss"]) == "bce" ? Loss::bce : Loss::mse,
        .seed = nb::cast<std::uint64_t>(options["seed"]),
        .corruption = {.noise = nb::cast<double>(options["noise"]),
                       .patch = nb::cast<std::size_t>(options["patch"])}};
    take_turn([&](Interrupt& interrupt) {
      Seldom seldom;
      chosen.stop = interrupt.request();
      if (!on_step.is_none()) {
        chosen.on_step = [&](const TrainingProgress& at) {
          if (!seldom.due(at.images_seen == at.images)) return;
          interrupt.call([&] {
            on_step(at.epoch, at.images_seen, at.images);
            return true;
          });
        };
      }
      chosen.on_epoch = [&](const EpochResult& at) {
        interrupt.call([&] {
          const nb::object enough =
              on_epoch(at.epoch, at.train_loss, at.validation_loss, at.seconds);
          return !enough.is(nb::handle(Py_True));
        });
      };
      try {
        autoencoder_.train(images(given), images(held_out), chosen);
      } catch (const Stopped&) {
        if (!interrupt.ended()) throw;
      }
    });
  }

  [[nodiscard]] nb::object encode(const GivenImages& given) {
    const auto on_host = [&](const StopRequest& stop) {
      return autoencoder_.encode(images(given), stop);
    };
    return run(given, on_host, [&](const StopRequest& stop) {
      return autoencoder_.encode_on_device(images(given), stop);
    });
  }
  [[nodiscard]] nb::object decode(const GivenRows& given) {
    const auto on_host = [&](const StopRequest& stop) {
      return autoencoder_.decode(view(std::get<Given<float>>(given)), stop);
    };
    return run(given, on_host, [&](const StopRequest& stop) {
      return autoencoder_.decode_on_device(std::get<GpuArray>(given).samples("auto"), stop);
    });
  }
  [[nodiscard]] nb::object reconstruct(const GivenImages& given) {
    const auto on_host = [&](const StopRequest& stop) {
      return autoencoder_.reconstruct(images(given), stop);
    };
    return run(given, on_host, [&](const StopRequest& stop) {
      return autoencoder_.reconstruct_on_device(images(given), stop);
    });
  }
  /// (N): the mean squared error of each row.
  [[nodiscard]] nb::ndarray<nb::numpy, float> errors(const GivenImages& given) {
    return run([&](Interrupt& interrupt) {
      const Images all = images(given);
      Array<float> result({all.count()});
      constexpr std::size_t kRows = 1024;  // so that images of bytes are never floats all at once
      for (std::size_t first = 0; first < all.count(); first += kRows) {
        const Images part = all.part(first, kRows);
        const auto errors = squared_errors(autoencoder_.reconstruct(part, interrupt.request()),
                                           to_unit_range(part));
        std::ranges::copy(errors.values,
                          result.values.begin() + static_cast<std::ptrdiff_t>(first));
      }
      return result;
    });
  }
  [[nodiscard]] nb::ndarray<nb::numpy, float> activations(const GivenImages& given,
                                                          std::size_t layers) {
    return run([&](Interrupt& interrupt) {
      return autoencoder_.activations(images(given), layers, interrupt.request());
    });
  }

 private:
  Autoencoder autoencoder_;
  std::mutex mutex_;
  std::atomic<std::thread::id> whose_turn_ = std::thread::id();
};

}  // namespace

void add_network(nb::module_& module) {
  nb::class_<Network>(module, "Network")
      .def(nb::init<const std::string&, const std::string&, const std::string&,
                    const std::string&>(),
           "model"_a, "device"_a, "engine"_a, "precision"_a)
      .def_prop_ro("model", &Network::model)
      .def_prop_ro("engine", &Network::engine)
      .def_prop_ro("why_not_fused", &Network::why_not_fused)
      .def("initialize", &Network::initialize, "seed"_a)
      .def("parameters", &Network::parameters)
      .def("set_parameters", &Network::set_parameters, "tensors"_a)
      .def("save", &Network::save, "file"_a)
      .def("load", &Network::load, "file"_a)
      .def("train", &Network::train, "images"_a, "validation"_a, "options"_a, "on_step"_a.none(),
           "on_epoch"_a)
      .def("encode", &Network::encode, "images"_a)
      .def("decode", &Network::decode, "codes"_a)
      .def("reconstruct", &Network::reconstruct, "images"_a)
      .def("errors", &Network::errors, "images"_a)
      .def("activations", &Network::activations, "images"_a, "layers"_a);
  module.def(
      "shipped_model", [](const std::string& name) { return to_json(find_model(name)); }, "name"_a);
  module.def(
      "read_model", [](const std::string& file) { return to_json(load_model(file)); }, "file"_a);
  module.def(
      "model_of_weights", [](const std::string& file) { return to_json(model_of(file)); },
      "file"_a);
}

}  // namespace hourglass::python
