// A text that must never be printed. fmt, spdlog and streams show "***"; only reveal() gives it away. Wiped when destroyed.
#pragma once

#include <fmt/format.h>

#include <iosfwd>
#include <string>

namespace s3 {

class secret {
public:
    secret() = default;
    explicit secret(std::string text) : text_(std::move(text)) {}
    secret(const secret&) = default;
    secret(secret&& other) noexcept;
    secret& operator=(const secret& other);
    secret& operator=(secret&& other) noexcept;
    ~secret();

    // For signing and sending, never for a message.
    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }
    bool operator==(const secret&) const = default;

private:
    void wipe();

    std::string text_;
};

std::ostream& operator<<(std::ostream& out, const secret&);

}  // namespace s3

template <>
struct fmt::formatter<s3::secret> : fmt::formatter<fmt::string_view> {
    auto format(const s3::secret&, fmt::format_context& out) const { return fmt::formatter<fmt::string_view>::format("***", out); }
};
