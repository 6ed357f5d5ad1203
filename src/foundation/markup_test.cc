#include "foundation/markup.h"

#include <gtest/gtest.h>

namespace convoy {
namespace {

TEST(Markup, WhatMeansSomethingInXmlIsEscaped) {
  EXPECT_EQ(escaped("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
  EXPECT_EQ(escaped("a\x01\nb"), "a\nb");
}

TEST(Markup, WhatIsNoUtf8IsReplaced) {
  EXPECT_EQ(escaped("µ … 😀"), "µ … 😀");
  EXPECT_EQ(escaped("a\xFF" "b\xC3"), "a\uFFFDb\uFFFD");
  EXPECT_EQ(escaped("\xC0\x80"), "\uFFFD\uFFFD");              // too long a form
  EXPECT_EQ(escaped("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");    // a surrogate
}

TEST(Markup, LongTextsLoseTheirMiddle) {
  EXPECT_EQ(letters("aµ😀"), 3u);
  EXPECT_EQ(shortened("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(shortened("abcdefghi", 8), "abc…fghi");
  EXPECT_EQ(shortened("µµµµµµµµµ", 8), "µµµ…µµµµ");
}

}  // namespace
}  // namespace convoy
