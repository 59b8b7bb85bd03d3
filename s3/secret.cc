#include "s3/secret.h"

#include <openssl/crypto.h>

#include <ostream>
#include <utility>

namespace s3 {

// A moved-from short string may keep its characters: it is wiped as well.
secret::secret(secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }

secret& secret::operator=(const secret& other) {
    if (this == &other) return *this;
    wipe();
    text_ = other.text_;
    return *this;
}

secret& secret::operator=(secret&& other) noexcept {
    if (this == &other) return *this;
    wipe();
    text_ = std::move(other.text_);
    other.wipe();
    return *this;
}

secret::~secret() { wipe(); }

void secret::wipe() {
    text_.resize(text_.capacity());
    OPENSSL_cleanse(text_.data(), text_.size());
    text_.clear();
}

std::ostream& operator<<(std::ostream& out, const secret&) { return out << "***"; }

}  // namespace s3
