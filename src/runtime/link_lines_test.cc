#include "runtime/link_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "foundation/file_descriptor.h"

namespace convoy::runtime {
namespace {

using testing::HasSubstr;

TEST(LinkLine, IsReadAsItIsWritten) {
  for (const LinkLine& line :
       {LinkLine{Seconds(1e6 / 7),
                 "my tablet",
                 {.rate = BytesPerSecond(1e6 / 3), .latency = Seconds(0.02)}},
        LinkLine{Seconds(0), "tablet", {}}, LinkLine{Seconds(3), "a cut b", {.is_cut = true}}}) {
    std::string text = to_text(line);
    ASSERT_TRUE(text.ends_with('\n'));
    text.pop_back();
    const auto read = parse_link_line(text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->at, line.at);
    EXPECT_EQ(read->peer, line.peer);
    EXPECT_EQ(read->pace, line.pace);
  }
}

TEST(LinkLine, IsRefusedWhereItSaysNothingOfALink) {
  for (const char* text : {"",
                           "cut",
                           "1 cut",
                           "1 cut ",
                           "1 cute tablet",
                           "cut tablet",
                           "1 1000",
                           "1 1000 0",
                           "1 1000 0 ",
                           "1 fast 0 tablet",
                           "1 0.5 0 tablet",
                           "1 -1 0 tablet",
                           "1 nan 0 tablet",
                           "1 1000 -1 tablet",
                           "1 1000 nan tablet",
                           "1 1000 1e9 tablet",
                           "1 1000 0.1s tablet",
                           "nan 1000 0 tablet",
                           "-1 1000 0 tablet",
                           "1e99 1000 0 tablet"}) {
    const auto read = parse_link_line(text);
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr("says nothing of a link; right would be"));
  }
}

class LinkLinesTest : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe(ends), 0);
    input_ = FileDescriptor(ends[0]);
    output_ = FileDescriptor(ends[1]);
  }
  void write(std::string_view text) {
    ASSERT_EQ(::write(output_.get(), text.data(), text.size()), std::ssize(text));
  }

  FileDescriptor input_;
  FileDescriptor output_;
};

TEST_F(LinkLinesTest, ComeAsTheyCome) {
  LinkLines lines(input_.get());
  EXPECT_TRUE(lines.take().empty());
  write("1 1000 0 a\nnonsense\n2 2000 ");
  const auto first = lines.take();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].value().peer, "a");
  EXPECT_THAT(first[1].error().message, HasSubstr("nonsense"));
  write("0 b\n");
  const auto second = lines.take();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].value().pace.rate, BytesPerSecond(2000));
}

TEST_F(LinkLinesTest, EndWithTheirWriter) {
  LinkLines lines(input_.get());
  write("1 cut a\n");
  output_ = FileDescriptor();
  EXPECT_EQ(lines.take().size(), 1u);
  EXPECT_EQ(lines.input(), -1);
  EXPECT_TRUE(lines.take().empty());
}

}  // namespace
}  // namespace convoy::runtime
