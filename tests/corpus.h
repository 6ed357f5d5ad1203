// Models that others made to try an ONNX implementation on, each run whole and in pieces.
#pragma once

#include <cstddef>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace convoy {

struct CorpusModel {
  std::string name;  // "node/test_add"
  std::filesystem::path file;
  std::filesystem::path inputs;  // a folder with input_0.pb, ...; empty: rising from 0 to 1
  std::string outputs;           // what stands before "0.pb", "1.pb", ... in their files' paths
};

inline void PrintTo(const CorpusModel& model, std::ostream* out) { *out << model.name; }

// The small ones, by name, a second for a hundred; none where they are not installed.
[[nodiscard]] std::vector<CorpusModel> corpus();

// The nets with weights of no meaning ("light"), by name.
[[nodiscard]] std::vector<CorpusModel> light_corpus();

struct CorpusTrial {
  enum class Outcome {
    identical,  // every cut gave the bits of the whole
    refused,    // convoy said why it does not cut this
    not_run,    // ONNX Runtime does not run the whole model
    failed,     // none of these
  };
  Outcome outcome = Outcome::failed;
  std::string message;                 // unless identical
  std::vector<std::string> operators;  // of the main graph, each once, with the domain if it has one
  std::size_t cuts = 0;                // tried; the trivial one, into one part, included
  std::string unexpected;              // an output of ONNX Runtime that is not the corpus' own
};

// Optimises the model at levels none and extended, runs it, then cuts it into one part and at up to
// `most_cuts` separating values into two, and compares the bits. The whole's answers should be those
// that came with it, within a thousandth, as ONNX's own backend test asks. Writes into `scratch`.
[[nodiscard]] CorpusTrial try_model(const CorpusModel& model, std::size_t most_cuts,
                                    const std::filesystem::path& scratch);

}  // namespace convoy
