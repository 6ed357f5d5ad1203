#include "bench/dataset.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include "bench/synsets.h"
#include "bench/temporary_folder.h"
#include "foundation/file.h"

namespace convoy::bench {
namespace {

using testing::HasSubstr;

class Dataset : public testing::Test {
 protected:
  Dataset() {
    for (const char* name : {"a.jpg", "b c.jpg", "d.jpg"}) folder.write(name, "photo");
  }
  Spelled spelled(const std::string& path) {
    return {.text = path, .place = "testenv.yaml:4", .file = folder.path() / "testenv.yaml"};
  }
  Result<std::vector<Sample>> read(const std::string& name, const std::string& contents) {
    folder.write(name, contents);
    return read_dataset({.test = spelled("./" + name)});
  }
  std::string error(const std::string& name, const std::string& contents) {
    const auto samples = read(name, contents);
    return samples ? "no error" : samples.error().message;
  }
  // "a.jpg=1 ..."
  std::string summary(const Result<std::vector<Sample>>& samples) {
    if (!samples) return samples.error().message;
    std::string text;
    for (const Sample& sample : *samples) {
      text += sample.file.filename().string() + "=" + sample.label + " ";
    }
    return text;
  }
  TemporaryFolder folder;
};

TEST_F(Dataset, ReadsTheThreeKindsOfIndex) {
  EXPECT_EQ(summary(read("i.txt", "a.jpg 3\r\n\nb c.jpg\t4\n")), "a.jpg=3 b c.jpg=4 ");
  EXPECT_EQ(summary(read("i.csv", "label,file\n3,a.jpg\n4,b c.jpg\n")), "a.jpg=3 b c.jpg=4 ");
  EXPECT_EQ(summary(read("i.jsonl",
                         "{\"file\": \"a.jpg\", \"label\": 3}\n"
                         "{\"label\": \"4\", \"file\": \"b c.jpg\"}\n")),
            "a.jpg=3 b c.jpg=4 ");
  EXPECT_EQ(summary(read("i.txt", "a.jpg\nb c.jpg\n")), "a.jpg= b c.jpg= ");
}

TEST_F(Dataset, SaysWhichLineOfAnIndexIsWrong) {
  EXPECT_EQ(error("i.txt", "a.jpg 3\nno.jpg 4\n"),
            fmt::format("{0}/i.txt:2: no file {0}/no.jpg", folder.path().string()));
  EXPECT_THAT(error("i.txt", "a.jpg 3\nd.jpg\n"),
              HasSubstr("i.txt:2: \"d.jpg\" has no label, unlike the samples before"));
  EXPECT_THAT(error("i.csv", "path,label\na.jpg,1\n"), HasSubstr("i.csv:1: no column \"file\""));
  EXPECT_THAT(error("i.jsonl", "{\"file\": \"a.jpg\"}\nnonsense\n"),
              HasSubstr("i.jsonl:2: not a JSON object with a \"file\""));
  EXPECT_THAT(error("i.txt", "\n"), HasSubstr("testenv.yaml:4: no samples in "));
  EXPECT_THAT(error("i.json", "{}"), HasSubstr("is no index that convoy reads; known: .txt"));
  EXPECT_THAT(read_dataset({.test = spelled("./none.txt")}).error().message,
              HasSubstr("testenv.yaml:4: no file \"./none.txt\"; tried "));
}

// 1000 made-up ids, numbered against their order.
std::vector<std::string> thousand_ids() {
  std::vector<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.push_back(fmt::format("n{:08}", 99999 - 7 * i));
  return ids;
}

TEST_F(Dataset, TranslatesTheNumbersOfImagenetsDevelopmentKit) {
  std::string text;
  for (const std::string& id : thousand_ids()) text += id + "\n";
  folder.write("synsets.txt", text);
  folder.write("val/ILSVRC2012_val_00000001.JPEG", "photo");
  folder.write("val/ILSVRC2012_val_00000002.JPEG", "photo");
  folder.write("ILSVRC2012_validation_ground_truth.txt", "1\n1000\n");
  DatasetSettings settings = {.test = spelled("./val"),
                              .labels = spelled("./ILSVRC2012_validation_ground_truth.txt")};
  EXPECT_THAT(read_dataset(settings).error().message, HasSubstr("meta.mat"));
  settings.synsets = spelled("./synsets.txt");
  EXPECT_EQ(summary(read_dataset(settings)),
            "ILSVRC2012_val_00000001.JPEG=999 ILSVRC2012_val_00000002.JPEG=0 ");
  folder.write("ILSVRC2012_validation_ground_truth.txt", "1\n1001\n");
  EXPECT_THAT(read_dataset(settings).error().message, HasSubstr("ground_truth.txt:2: "));
  folder.write("ILSVRC2012_validation_ground_truth.txt", "1\n");
  EXPECT_THAT(read_dataset(settings).error().message, HasSubstr("1 labels for the 2 images"));
}

TEST_F(Dataset, ReadsFoldersNamedByWordnetId) {
  for (const std::string& id : thousand_ids()) {
    std::filesystem::create_directories(folder.path() / "val" / id);
  }
  folder.write("val/n00099999/x.JPEG", "photo");
  folder.write("val/n00093006/y.JPEG", "photo");
  EXPECT_EQ(summary(read_dataset({.test = spelled("./val")})), "y.JPEG=0 x.JPEG=999 ");
  std::filesystem::remove(folder.path() / "val/n00093013");
  EXPECT_THAT(read_dataset({.test = spelled("./val")}).error().message,
              HasSubstr("999 folders named by WordNet id"));
}

TEST(Synsets, ReadsMatlabFiles) {
  // Written by scipy.io.savemat, compressed, with the structure of the development kit's file.
  const std::filesystem::path file = CONVOY_SOURCE_DIR "/src/bench/testdata/meta.mat";
  const auto synsets = read_synsets(file);
  ASSERT_TRUE(synsets) << synsets.error().message;
  EXPECT_EQ(*synsets, thousand_ids());

  const TemporaryFolder folder;
  const std::string bytes = *read_file(file);
  std::string plain(1 << 20, 0);
  uLongf size = plain.size();
  constexpr std::size_t kHeader = 128 + 8;
  ASSERT_EQ(uncompress(reinterpret_cast<Bytef*>(plain.data()), &size,
                       reinterpret_cast<const Bytef*>(bytes.data()) + kHeader,
                       bytes.size() - kHeader),
            Z_OK);
  const std::string uncompressed = bytes.substr(0, 128) + plain.substr(0, size);
  EXPECT_EQ(read_synsets(folder.write("meta.mat", uncompressed)), thousand_ids());
  for (std::size_t cut : {200u, 5000u, 300000u}) {
    EXPECT_FALSE(read_synsets(folder.write("meta.mat", uncompressed.substr(0, cut))));
  }
  EXPECT_THAT(read_synsets(folder.write("meta.mat", "MATLAB 5.0" + std::string(300, 'x')))
                  .error()
                  .message,
              HasSubstr("does not give the WordNet ids of 1000 classes"));
}

}  // namespace
}  // namespace convoy::bench
