#include "foundation/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace convoy {
namespace {

const std::vector<std::string> kKeys = {"name", "memory", "bandwidth"};

TEST(SuggestTest, NamesTheNearestKnownName) {
  EXPECT_EQ(suggest("memry", kKeys), "; did you mean \"memory\"?");
  EXPECT_EQ(suggest("bandwith", kKeys), "; did you mean \"bandwidth\"?");
}

TEST(SuggestTest, ListsWhatIsKnownWhenNothingIsNear) {
  EXPECT_EQ(suggest("temperature", kKeys), "; known: name, memory, bandwidth");
}

TEST(SuggestTest, ListsTwelveAtMost) {
  std::vector<std::string> many;
  for (char c = 'a'; c <= 'm'; ++c) many.push_back(std::string(8, c));
  EXPECT_EQ(suggest("0123456789", many),
            "; known: aaaaaaaa, bbbbbbbb, cccccccc, dddddddd, eeeeeeee, ffffffff, gggggggg, "
            "hhhhhhhh, iiiiiiii, jjjjjjjj, kkkkkkkk, llllllll, ...");
}

TEST(SuggestTest, HasNothingToSayWhenNothingIsKnown) { EXPECT_EQ(suggest("x", {}), ""); }

}  // namespace
}  // namespace convoy
