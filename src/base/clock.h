#pragma once
// Time as an argument, so that tests can set it; and times as text.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace idiolect {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t UnixSeconds() const = 0;
};

class SystemClock : public Clock {
 public:
  int64_t UnixSeconds() const override;
};

// "2024-05-01T12:30:00" (no zone) as if it were UTC; nullopt when it is not such a time. Hot path
// of the importers: no allocation.
std::optional<int64_t> ParseIsoSeconds(std::string_view text);

std::string FormatIsoUtc(int64_t unix_seconds);    // 2024-05-01T12:30:00Z
std::string FormatStampUtc(int64_t unix_seconds);  // 20240501-123000, for folder names
std::string FormatDay(int64_t unix_seconds);       // 2024-05-01

}  // namespace idiolect
