#include "s3/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

namespace s3 {
namespace {

template <std::size_t size>
std::array<std::uint8_t, size> digest(const EVP_MD* kind, io::byte_view data) {
    std::array<std::uint8_t, size> out{};
    if (EVP_Digest(data.data(), data.size(), out.data(), nullptr, kind, nullptr) != 1)
        throw std::runtime_error("OpenSSL refuses to hash: is a provider configured without SHA-256 or MD5?");
    return out;
}

}  // namespace

sha256_digest sha256(io::byte_view data) { return digest<32>(EVP_sha256(), data); }

std::array<std::uint8_t, 16> md5(io::byte_view data) { return digest<16>(EVP_md5(), data); }

sha256_digest hmac_sha256(io::byte_view key, io::byte_view data) {
    sha256_digest out{};
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(), nullptr) == nullptr)
        throw std::runtime_error("OpenSSL refuses HMAC-SHA256");
    return out;
}

std::string to_hex(io::byte_view data) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(2 * data.size());
    for (const std::uint8_t byte : data) {
        text += digits[byte >> 4];
        text += digits[byte & 0xf];
    }
    return text;
}

std::string to_base64(io::byte_view data) {
    std::string text((data.size() + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), data.data(), static_cast<int>(data.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

}  // namespace s3
