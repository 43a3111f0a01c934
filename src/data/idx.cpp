#include "data/idx.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <hourglass/error.hpp>
#include <optional>
#include <span>
#include <vector>

#include "files/atomic_file.hpp"
#include "files/checked_count.hpp"
#include "files/messages.hpp"

namespace hourglass::data {
namespace {

constexpr std::string_view kGzipMagic("\x1f\x8b", 2);
constexpr unsigned kTypeBytes = 0x08;

[[noreturn]] void fail(const std::string& name, const std::string& why) {
  throw Error(name + ": " + why);
}

/// Hands out plain bytes, or what gzip-compressed ones stand for.
///
/// zlib's own gzread would do, but it passes over garbage behind the compressed data in silence.
class Reader {
 public:
  Reader(std::string_view bytes, const std::string& name)
      : rest_(bytes), name_(name), compressed_(bytes.starts_with(kGzipMagic)) {
    constexpr int kGzipOnly = 15 + 16;
    if (compressed_ && inflateInit2(&stream_, kGzipOnly) != Z_OK)
      fail(name_, "zlib does not start");
  }
  ~Reader() {
    if (compressed_) inflateEnd(&stream_);
  }
  Reader(const Reader&) = delete;
  Reader(Reader&&) = delete;
  Reader& operator=(const Reader&) = delete;
  Reader& operator=(Reader&&) = delete;

  /// Fills `out` and returns how much of it; less than all only at the end.
  std::size_t read(std::span<std::uint8_t> out) {
    if (compressed_) return inflate_into(out);
    const std::size_t size = std::min(out.size(), rest_.size());
    std::copy_n(rest_.begin(), size, out.begin());
    rest_.remove_prefix(size);
    return size;
  }

 private:
  static constexpr std::size_t kPiece = std::size_t{1} << 30;  // zlib counts in 32 bits

  std::size_t inflate_into(std::span<std::uint8_t> out) {
    std::size_t done = 0;
    while (done < out.size() && !ended_) {
      const std::size_t in = std::min(rest_.size(), kPiece);
      const std::size_t room = std::min(out.size() - done, kPiece);
      // zlib does not write to its input; the cast is its old interface's.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest_.data()));
      stream_.avail_in = static_cast<uInt>(in);
      stream_.next_out = out.data() + done;
      stream_.avail_out = static_cast<uInt>(room);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      rest_.remove_prefix(in - stream_.avail_in);
      done += room - stream_.avail_out;
      if (status == Z_STREAM_END) {
        finish_member();
      } else if (status == Z_BUF_ERROR) {
        fail(name_, "the gzip data is truncated");
      } else if (status != Z_OK) {
        fail(name_, std::string("the gzip data is corrupt") +
                        (stream_.msg == nullptr ? "" : std::string(": ") + stream_.msg));
      }
    }
    return done;
  }

  /// Compressed files may be concatenated.
  void finish_member() {
    if (rest_.empty()) {
      ended_ = true;
    } else if (!rest_.starts_with(kGzipMagic)) {
      fail(name_, std::to_string(rest_.size()) + " bytes of garbage behind the gzip data");
    } else {
      inflateReset(&stream_);
    }
  }

  std::string_view rest_;
  const std::string& name_;
  bool compressed_;
  bool ended_ = false;
  z_stream stream_{};
};

std::string hexadecimal(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "0x";
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte / 16U];
    text += kDigits[byte % 16U];
  }
  return text;
}

[[noreturn]] void fail_short(const std::string& name, const std::string& part, std::size_t wanted,
                             std::size_t found) {
  fail(name, "the file is truncated: " + part + " takes " + std::to_string(wanted) +
                 " bytes, found " + std::to_string(found));
}

Shape read_header(Reader& reader, std::size_t rank, const std::string& name) {
  std::vector<std::uint8_t> header(4 + 4 * rank);
  const std::size_t found = reader.read(header);
  const std::array<std::uint8_t, 4> magic = {0, 0, kTypeBytes, static_cast<std::uint8_t>(rank)};
  const auto start = std::span(header).first(std::min(found, magic.size()));
  if (!std::equal(start.begin(), start.end(), magic.begin())) {
    fail(name, "magic number " + hexadecimal(start) + ", expected " + hexadecimal(magic) +
                   " (IDX, bytes in " + std::to_string(rank) + " dimensions)");
  }
  if (found < header.size()) fail_short(name, "its header", header.size(), found);
  Shape shape;
  for (std::size_t i = 4; i < header.size(); i += 4) {
    shape.push_back((std::size_t{header[i]} << 24U) + (std::size_t{header[i + 1]} << 16U) +
                    (std::size_t{header[i + 2]} << 8U) + header[i + 3]);
  }
  return shape;
}

}  // namespace

Array<std::uint8_t> parse_idx(std::string_view bytes, std::size_t rank, const std::string& name) {
  Reader reader(bytes, name);
  Shape shape = read_header(reader, rank, name);
  const std::optional<std::size_t> count = files::checked_count(shape, 1);
  if (!count) fail(name, "its size " + files::shape_text(shape) + " is too large");

  constexpr std::size_t kStep = std::size_t{1} << 20;
  std::vector<std::uint8_t> values;
  while (values.size() < *count) {
    const std::size_t had = values.size();
    const std::size_t wanted = std::min(*count - had, std::max(had, kStep));
    values.resize(had + wanted);
    const std::size_t got = reader.read(std::span(values).subspan(had));
    if (got < wanted) {
      fail_short(name, "its data, " + files::shape_text(shape) + ",", *count, had + got);
    }
  }
  // Asking once more also makes zlib check the sum at the end.
  std::array<std::uint8_t, 1> more{};
  if (reader.read(more) > 0) {
    fail(name, "there is data behind the " + std::to_string(*count) + " values, " +
                   files::shape_text(shape) + ", that its header declares");
  }
  return {std::move(shape), std::move(values)};
}

Array<std::uint8_t> load_idx(const std::filesystem::path& file, std::size_t rank) {
  return parse_idx(files::read_file(file), rank, files::path_text(file));
}

}  // namespace hourglass::data
