// Ids are types, so that a device's number is never taken for a node's.
#pragma once

#include <cassert>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ranges>
#include <utility>
#include <vector>

namespace convoy {

// A position in one kind of list. Ids of one list are dense and start at 0.
template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::size_t index) : index_(static_cast<std::uint32_t>(index)) {}
  [[nodiscard]] constexpr std::size_t index() const { return index_; }
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  std::uint32_t index_ = 0;
};

using NodeId = Id<struct NodeTag>;      // a node of a graph
using ValueId = Id<struct ValueTag>;    // a tensor of a graph
using WeightId = Id<struct WeightTag>;  // an initializer of a graph
using DeviceId = Id<struct DeviceTag>;  // a device of a fleet
using PartId = Id<struct PartTag>;      // a part of a partition, a sub-model
using StageId = Id<struct StageTag>;    // a stage of a plan

// A vector that only its own kind of id can index.
template <class I, class T>
class ById {
 public:
  using value_type = T;
  using const_iterator = typename std::vector<T>::const_iterator;

  ById() = default;
  explicit ById(std::size_t size, T value = T()) : items_(size, std::move(value)) {}
  ById(std::initializer_list<T> items) : items_(items) {}

  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  // Ids of all items, in order.
  [[nodiscard]] auto ids() const {
    return std::views::iota(std::size_t{0}, items_.size()) |
           std::views::transform([](std::size_t i) { return I(i); });
  }
  I push_back(T item) {
    items_.push_back(std::move(item));
    return I(items_.size() - 1);
  }
  void resize(std::size_t size) { items_.resize(size); }
  void reserve(std::size_t size) { items_.reserve(size); }

  [[nodiscard]] decltype(auto) operator[](I id) {
    assert(id.index() < items_.size());
    return items_[id.index()];
  }
  [[nodiscard]] decltype(auto) operator[](I id) const {
    assert(id.index() < items_.size());
    return items_[id.index()];
  }

  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

  friend bool operator==(const ById&, const ById&) = default;

 private:
  std::vector<T> items_;
};

}  // namespace convoy

template <class Tag>
struct std::hash<convoy::Id<Tag>> {
  std::size_t operator()(convoy::Id<Tag> id) const noexcept { return id.index(); }
};
