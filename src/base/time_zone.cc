#include "base/time_zone.h"

#include <unicode/timezone.h>

#include <algorithm>
#include <memory>

namespace idiolect {
namespace {

constexpr int64_t kDay = 86400;

int64_t OffsetOf(const icu::TimeZone& zone, int64_t unix_seconds) {
  int32_t raw = 0, saving = 0;
  UErrorCode error = U_ZERO_ERROR;
  zone.getOffset(static_cast<double>(unix_seconds) * 1000.0, false, raw, saving, error);
  return U_SUCCESS(error) ? (raw + saving) / 1000 : 0;
}

}  // namespace

Result<TimeZone> TimeZone::Open(const std::string& name, int64_t first_second,
                                int64_t last_second) {
  std::unique_ptr<icu::TimeZone> zone(
      name.empty() ? icu::TimeZone::createDefault()
                   : icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(name)));
  icu::UnicodeString id;
  if (zone) zone->getID(id);
  TimeZone opened;
  id.toUTF8String(opened.name_);
  if (!zone || (!name.empty() && opened.name_ == "Etc/Unknown")) {
    return Fail(ErrorKind::kMisuse, "there is no time zone \"" + name + "\"",
                "name it as Europe/Moscow, UTC or GMT+3");
  }
  // No zone changes its offset twice within a fortnight; a change is then found to the second.
  opened.segments_.push_back({first_second, OffsetOf(*zone, first_second)});
  for (int64_t at = first_second; at < last_second;) {
    const int64_t next = std::min(at + 14 * kDay, last_second);
    const int64_t after = OffsetOf(*zone, next);
    if (after != opened.segments_.back().offset) {
      int64_t before = at, behind = next;
      while (behind - before > 1) {
        const int64_t middle = before + (behind - before) / 2;
        (OffsetOf(*zone, middle) == after ? behind : before) = middle;
      }
      opened.segments_.push_back({behind, after});
    }
    at = next;
  }
  return opened;
}

int64_t TimeZone::OffsetAt(int64_t unix_seconds) {
  const bool here = (last_ == 0 || segments_[last_].begin <= unix_seconds) &&
                    (last_ + 1 == segments_.size() || unix_seconds < segments_[last_ + 1].begin);
  if (!here) {
    const auto after =
        std::upper_bound(segments_.begin(), segments_.end(), unix_seconds,
                         [](int64_t time, const Segment& segment) { return time < segment.begin; });
    last_ = after == segments_.begin() ? 0 : static_cast<size_t>(after - segments_.begin()) - 1;
  }
  return segments_[last_].offset;
}

int64_t DaysOf(const CivilDay& day) {
  const int64_t year = day.month <= 2 ? day.year - 1 : day.year;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (day.month + (day.month > 2 ? -3 : 9)) + 2) / 5 + day.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

CivilDay CivilDayOf(int64_t days) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;
  CivilDay day;
  day.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  day.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  day.year = static_cast<int>(year_of_era + era * 400 + (day.month <= 2));
  return day;
}

int WeekdayOf(int64_t days) {
  return static_cast<int>(((days + 3) % 7 + 7) % 7);
}

}  // namespace idiolect
