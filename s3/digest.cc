#include "s3/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>
#include <stdexcept>

namespace s3 {
namespace {

struct freed {
    void operator()(EVP_MD* what) const { EVP_MD_free(what); }
    void operator()(EVP_MAC* what) const { EVP_MAC_free(what); }
    void operator()(EVP_MAC_CTX* what) const { EVP_MAC_CTX_free(what); }
};
using hash = std::unique_ptr<EVP_MD, freed>;
using mac = std::unique_ptr<EVP_MAC_CTX, freed>;

[[noreturn]] void refuse() { throw std::runtime_error("OpenSSL refuses to hash: is a provider configured without SHA-256, HMAC or MD5?"); }

// OpenSSL looks an algorithm up by its name each time it is asked for by EVP_sha256() or HMAC(), which takes as long as hashing 2 KiB: here
// they are looked up once.
hash find(const char* name) { return hash(EVP_MD_fetch(nullptr, name, nullptr)); }

mac make_hmac_sha256() {
    const std::unique_ptr<EVP_MAC, freed> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    mac out(EVP_MAC_CTX_new(hmac.get()));
    std::string name = "SHA256";
    const std::array<OSSL_PARAM, 2> with{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0), OSSL_PARAM_construct_end()};
    if (!out || EVP_MAC_CTX_set_params(out.get(), with.data()) != 1) refuse();
    return out;
}

template <std::size_t size>
std::array<std::uint8_t, size> digest(const hash& kind, io::byte_view data) {
    std::array<std::uint8_t, size> out{};
    if (!kind || EVP_Digest(data.data(), data.size(), out.data(), nullptr, kind.get(), nullptr) != 1) refuse();
    return out;
}

}  // namespace

sha256_digest sha256(io::byte_view data) {
    static const hash kind = find("SHA256");
    return digest<32>(kind, data);
}

std::array<std::uint8_t, 16> md5(io::byte_view data) {
    static const hash kind = find("MD5");
    return digest<16>(kind, data);
}

sha256_digest hmac_sha256(io::byte_view key, io::byte_view data) {
    static const mac without_key = make_hmac_sha256();
    const mac with_key(EVP_MAC_CTX_dup(without_key.get()));
    sha256_digest out{};
    std::size_t size = 0;
    if (!with_key || EVP_MAC_init(with_key.get(), key.data(), key.size(), nullptr) != 1 || EVP_MAC_update(with_key.get(), data.data(), data.size()) != 1 ||
        EVP_MAC_final(with_key.get(), out.data(), &size, out.size()) != 1)
        refuse();
    return out;
}

std::string to_hex(io::byte_view data) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text(2 * data.size(), '\0');
    for (std::size_t i = 0; i < data.size(); ++i) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 0xf];
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
