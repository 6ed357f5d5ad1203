// A metric of your own: how many photos were taken for something else.
//
//   metrics:
//     - name: "wrong_answers"
//       url: "./examples/plugins/wrong_answers.cc"
#include <convoy/plugin.h>

class WrongAnswers : public convoy::Metric {
 public:
  double measure(const convoy::CaseResult& result) override {
    double wrong = 0;
    for (std::size_t i = 0; i < result.samples.size(); ++i) {
      if (result.predictions.at(i) != result.samples[i].label) ++wrong;
    }
    return wrong;
  }
};
CONVOY_METRIC(WrongAnswers)
