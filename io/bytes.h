// Bytes and bounded big-endian access to them (both WAL and LTX store integers big-endian).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace io {

using bytes = std::vector<std::uint8_t>;
using byte_view = std::span<const std::uint8_t>;
using byte_span = std::span<std::uint8_t>;

// Unchecked loads and stores: `at` points at sizeof(T) readable (writable) bytes, of any alignment.
template <class T>
[[nodiscard]] inline T load_big(const std::uint8_t* at) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8) | at[i]);
    return value;
}

template <class T>
inline void store_big(std::uint8_t* at, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * (sizeof(T) - 1 - i)));
}

inline byte_view view_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
inline std::string_view text_of(byte_view data) { return {reinterpret_cast<const char*>(data.data()), data.size()}; }

// Reads forward through bytes it does not own. Every read is checked: past the end is nullopt, and nothing is consumed.
class byte_reader {
public:
    explicit byte_reader(byte_view data) : rest_(data) {}

    template <class T>
    [[nodiscard]] std::optional<T> big() {
        if (rest_.size() < sizeof(T)) return std::nullopt;
        const T value = load_big<T>(rest_.data());
        rest_ = rest_.subspan(sizeof(T));
        return value;
    }

    // The next `count` bytes, still owned by whoever owns the input.
    [[nodiscard]] std::optional<byte_view> take(std::size_t count) {
        if (rest_.size() < count) return std::nullopt;
        const byte_view taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }

    // An unsigned LEB128 number of at most 64 bits.
    [[nodiscard]] std::optional<std::uint64_t> uvarint() {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < 10 && i < rest_.size(); ++i) {
            const std::uint64_t part = rest_[i] & 0x7fU;
            if (i == 9 && part > 1) return std::nullopt;
            value |= part << (7 * i);
            if ((rest_[i] & 0x80U) == 0) {
                rest_ = rest_.subspan(i + 1);
                return value;
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] byte_view rest() const { return rest_; }
    [[nodiscard]] bool empty() const { return rest_.empty(); }

private:
    byte_view rest_;
};

template <class T>
inline void append_big(bytes& out, T value) {
    const std::size_t at = out.size();
    out.resize(at + sizeof(T));
    store_big(out.data() + at, value);
}

inline void append(bytes& out, byte_view data) { out.insert(out.end(), data.begin(), data.end()); }

inline void append_uvarint(bytes& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<std::uint8_t>(value | 0x80U));
        value >>= 7;
    }
    out.push_back(static_cast<std::uint8_t>(value));
}

}  // namespace io
