#include "s3/secret.h"

#include <gtest/gtest.h>

#include <sstream>

#include "s3/credentials.h"

namespace {

TEST(secret, is_never_printed) {
    const s3::secret key("wJalrXUtnFEMI");
    std::ostringstream stream;
    stream << key;
    EXPECT_EQ(stream.str(), "***");
    EXPECT_EQ(fmt::format("{} {:>5}", key, key), "***   ***");
    EXPECT_EQ(testing::PrintToString(key), "***");
    EXPECT_EQ(key.reveal(), "wJalrXUtnFEMI");
}

TEST(secret, copies_and_moves_keep_the_text_and_the_moved_from_has_none) {
    for (const std::string& text : {std::string("short"), std::string(200, 'x')}) {
        s3::secret first(text);
        s3::secret copy(first);
        EXPECT_EQ(copy, first);
        s3::secret moved(std::move(first));
        EXPECT_EQ(moved.reveal(), text);
        EXPECT_TRUE(first.empty());
        first = std::move(moved);
        EXPECT_EQ(first.reveal(), text);
        EXPECT_TRUE(moved.empty());
        const s3::secret& same = first;
        first = same;
        EXPECT_EQ(first.reveal(), text);
        copy = s3::secret("other");
        EXPECT_NE(copy, first);
    }
}

}  // namespace
