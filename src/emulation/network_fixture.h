// Tests of emulated networks: who may not make any skips them.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "emulation/own_network.h"
#include "emulation/virtual_network.h"

namespace convoy::emulation {

class NetworkTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto entered = enter_own_network();
    if (!entered) GTEST_SKIP() << entered.error().message;
    const auto able = try_network(name_);
    if (!able) GTEST_SKIP() << able.error().message;
  }

  // Devices a, b, c; only the link from a to b has a bandwidth, of 8 Mbit/s.
  static fleet::Fleet three_devices() {
    fleet::Fleet fleet;
    for (const char* name : {"a", "b", "c"}) fleet.devices.push_back({.name = name});
    fleet.links = ById<DeviceId, ById<DeviceId, fleet::Link>>(3, ById<DeviceId, fleet::Link>(3));
    fleet.links[DeviceId(0)][DeviceId(1)].bandwidth = BytesPerSecond(1e6);
    return fleet;
  }
  std::unique_ptr<VirtualNetwork> make(const fleet::Fleet& fleet) const {
    return VirtualNetwork::create(name_, fleet, {DeviceId(0), DeviceId(1), DeviceId(2)}).value();
  }

  // Does a datagram get from one end to the other?
  bool arrives(const VirtualNetwork& network, End from, End to) {
    const FileDescriptor receiver = socket_at(network, to);
    const FileDescriptor sender = socket_at(network, from);
    const sockaddr_in address = address_of(network, to);
    // The kernel may have to ask for the other's hardware address first.
    constexpr char kMessage = 'm';
    ::sendto(sender.get(), &kMessage, 1, 0, reinterpret_cast<const sockaddr*>(&address),
             sizeof address);
    pollfd ready{.fd = receiver.get(), .events = POLLIN, .revents = 0};
    return ::poll(&ready, 1, kPatience_ms) == 1;
  }

  // HTB's, of what a device sends, as tc shows them.
  std::string classes(DeviceId device) const {
    std::string text;
    const std::string command =
        fmt::format("PATH=$PATH:/usr/sbin tc -n {}-{} class show dev eth0", name_, device.index());
    FILE* const said = ::popen(command.c_str(), "r");
    for (int c = 0; (c = ::fgetc(said)) != EOF;) text += static_cast<char>(c);
    ::pclose(said);
    return text;
  }

  static bool comes_true(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
    }
    return true;
  }

 private:
  static constexpr int kPatience_ms = 300;
  static constexpr int kPort = 7700;

  static sockaddr_in address_of(const VirtualNetwork& network, End end) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(kPort);
    ::inet_pton(AF_INET, network.address(end).c_str(), &address.sin_addr);
    return address;
  }
  // A socket stays where it was made, wherever its thread goes.
  static FileDescriptor socket_at(const VirtualNetwork& network, End end) {
    FileDescriptor made;
    std::thread([&] {
      if (end) ::setns(network.open_namespace(*end).value().get(), CLONE_NEWNET);
      made = FileDescriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      const sockaddr_in address = address_of(network, end);
      ::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }).join();
    return made;
  }

  std::string name_ = fmt::format("convoy-{}-9", ::getpid());
};

}  // namespace convoy::emulation
