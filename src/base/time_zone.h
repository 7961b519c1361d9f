#pragma once
// Local time of a place: telling at which hour of the day people write needs it, for messages carry
// UTC. Knows every change of the zone's offset in a stretch of years, so that asking costs no more
// than two comparisons while the times asked for come in order.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace idiolect {

// Thread-compatible.
class TimeZone {
 public:
  // `name`: "Europe/Moscow", "UTC", "GMT+3"; empty: the zone of this machine. kMisuse for an
  // unknown name. Offsets are known for [first_second, last_second]; outside, the nearest holds.
  static Result<TimeZone> Open(const std::string& name, int64_t first_second, int64_t last_second);

  // Seconds east of UTC at this time.
  int64_t OffsetAt(int64_t unix_seconds);
  const std::string& name() const { return name_; }

 private:
  struct Segment {
    int64_t begin = 0;  // unix seconds
    int64_t offset = 0;
  };
  std::string name_;
  std::vector<Segment> segments_;  // ascending, at least one
  size_t last_ = 0;                // the segment that answered last
};

// A day of the civil calendar.
struct CivilDay {
  int year = 1970;
  int month = 1;  // 1…12
  int day = 1;
};
// Days since 1970-01-01, both ways (Howard Hinnant's algorithms).
int64_t DaysOf(const CivilDay& day);
CivilDay CivilDayOf(int64_t days);
// 0: Monday … 6: Sunday.
int WeekdayOf(int64_t days);

}  // namespace idiolect
