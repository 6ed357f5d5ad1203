// Work that several threads do side by side.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace convoy::runtime {

// It begins when the last one is ready, and is over when all have enough, or one has left early.
// Each thread has a seat.
class Meeting {
 public:
  explicit Meeting(std::size_t seats) : missing_(seats), at_work_(seats) {}

  [[nodiscard]] bool is_complete() const { return missing_ == 0; }
  [[nodiscard]] bool is_over() const { return ended_ || at_work_ == 0; }
  void end() { ended_ = true; }

  class Seat {
   public:
    explicit Seat(Meeting& meeting) : meeting_(meeting) {}
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    ~Seat() {
      if (!enough_) meeting_.end();
    }
    void is_ready() { --meeting_.missing_; }  // once
    void has_enough() {
      if (!std::exchange(enough_, true)) --meeting_.at_work_;
    }

   private:
    Meeting& meeting_;
    bool enough_ = false;
  };

 private:
  std::atomic<std::size_t> missing_, at_work_;
  std::atomic<bool> ended_ = false;
};

}  // namespace convoy::runtime
