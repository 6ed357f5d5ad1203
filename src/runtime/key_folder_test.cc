#include "runtime/key_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "foundation/file.h"

namespace convoy::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The key pair of the ZeroMQ manual (zmq_curve): http://api.zeromq.org/4-2:zmq-curve
const std::string kSecret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs";
const std::string kPublic = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";

class KeyFolderTest : public testing::Test {
 protected:
  KeyFolderTest() {
    std::string name = (std::filesystem::temp_directory_path() / "convoy-test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~KeyFolderTest() override { std::filesystem::remove_all(folder_); }

  KeyFolder create(const std::string& name) { return *KeyFolder::create(folder_ / name, name); }
  std::filesystem::path public_of(const std::string& name) { return folder_ / name / "public.key"; }

  std::filesystem::path folder_;
};

TEST(Keys, AreWhatZeroMqsOwnManualSays) {
  EXPECT_EQ(pair_of(kSecret)->public_key, kPublic);
  EXPECT_FALSE(pair_of(kSecret.substr(1)));
  EXPECT_FALSE(pair_of(std::string(40, '~')));
}

TEST(Keys, AreOneLineOfText) {
  const NamedKey key{.name = "my tablet", .key = kPublic};
  EXPECT_EQ(to_text(key), "convoy-public-key " + kPublic + " my tablet\n");
  EXPECT_EQ(parse_public_key(to_text(key)), key);
  EXPECT_EQ(parse_public_key("convoy-public-key " + kPublic + " a\r\n")->name, "a");
  for (const std::string& text :
       {std::string(), kPublic, "convoy-public-key " + kPublic,
        "convoy-public-key " + kPublic + " ", "convoy-secret-key " + kPublic + " a",
        "convoy-public-key " + kPublic + " a\nb",
        "convoy-public-key " + std::string(40, '~') + " a"}) {
    EXPECT_FALSE(parse_public_key(text)) << text;
  }
}

TEST_F(KeyFolderTest, KeepsTheSecretToItself) {
  const KeyFolder made = create("tablet");
  struct stat status{};
  ASSERT_EQ(::stat((folder_ / "tablet/secret.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  const auto opened = KeyFolder::open(folder_ / "tablet");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->own().public_key, made.own().public_key);
  EXPECT_EQ(opened->name(), "tablet");
  EXPECT_THAT(KeyFolder::create(folder_ / "tablet", "other").error().message,
              HasSubstr("exists already"));
  ::chmod((folder_ / "tablet/secret.key").c_str(), 0640);
  EXPECT_THAT(KeyFolder::open(folder_ / "tablet").error().message,
              HasSubstr("secret.key: others may read it (mode 0640)"));
  EXPECT_THAT(KeyFolder::open(folder_ / "none").error().message, HasSubstr("convoy keys init"));
}

TEST_F(KeyFolderTest, TrustsWhatWasAddedUntilItIsRevoked) {
  KeyFolder tablet = create("tablet");
  const KeyFolder laptop = create("laptop");
  EXPECT_THAT(*tablet.trusted(), IsEmpty());
  const NamedKey key{.name = "laptop", .key = laptop.own().public_key};
  EXPECT_EQ(tablet.add(public_of("laptop"), ""), key);
  EXPECT_EQ(tablet.add(public_of("laptop"), ""), key);  // again: nothing new
  EXPECT_EQ(*tablet.find("laptop"), key);
  EXPECT_THAT(*tablet.trusted(), ElementsAre(key));
  EXPECT_EQ(tablet.revoke("laptop"), key);
  EXPECT_EQ(*tablet.find("laptop"), std::nullopt);
  EXPECT_THAT(*tablet.trusted(), IsEmpty());
  EXPECT_THAT(*tablet.revoked(), ElementsAre(key));
  EXPECT_THAT(tablet.add(public_of("laptop"), "other").error().message,
              HasSubstr("this key was revoked (as laptop)"));
}

TEST_F(KeyFolderTest, RefusesWhatWouldConfuseNamesAndKeys) {
  KeyFolder tablet = create("tablet");
  create("laptop");
  create("phone");
  ASSERT_TRUE(tablet.add(public_of("laptop"), ""));
  EXPECT_THAT(tablet.add(public_of("phone"), "laptop").error().message,
              HasSubstr("another key is known as laptop"));
  EXPECT_THAT(tablet.add(public_of("laptop"), "phone").error().message,
              HasSubstr("this key is known already, as laptop"));
  EXPECT_THAT(tablet.add(public_of("tablet"), "").error().message,
              HasSubstr("it is this host's own key"));
  EXPECT_THAT(tablet.add(folder_ / "tablet/secret.key", "").error().message,
              HasSubstr("is no key; right would be one line"));
  EXPECT_EQ(tablet.revoke("lapptop").error().message,
            "no key is known as \"lapptop\"; did you mean \"laptop\"?");
}

TEST_F(KeyFolderTest, WritesNowhereElseWhateverTheName) {
  KeyFolder tablet = create("tablet");
  create("laptop");
  for (const std::string& name : {std::string("../../evil"), std::string("."),
                                  std::string("Raspberry Pi 4/\u00e9"), std::string(64, '/')}) {
    const auto added = tablet.add(public_of("laptop"), name);
    ASSERT_TRUE(added) << name << ": " << added.error().message;
    EXPECT_EQ((*tablet.find(name))->name, name);
    std::filesystem::remove_all(folder_ / "tablet/trusted");
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "evil.key"));
  EXPECT_FALSE(tablet.add(public_of("laptop"), "two\nlines"));
  EXPECT_FALSE(tablet.add(public_of("laptop"), std::string(65, 'a')));
}

TEST_F(KeyFolderTest, NamesAFileThatIsNoKey) {
  const KeyFolder tablet = create("tablet");
  std::filesystem::create_directory(folder_ / "tablet/trusted");
  ASSERT_TRUE(write_file(folder_ / "tablet/trusted/junk.key", "junk"));
  EXPECT_THAT(tablet.trusted().error().message, HasSubstr("trusted/junk.key: is no key"));
}

}  // namespace
}  // namespace convoy::runtime
