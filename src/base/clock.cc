#include "base/clock.h"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace idiolect {
namespace {

// Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible
// low-level date algorithms", days_from_civil).
int64_t DaysFromCivil(int64_t y, unsigned m, unsigned d) {
  y -= m <= 2;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const unsigned yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<int64_t>(doe) - 719468;
}

std::optional<int> Digits(std::string_view text, size_t at, size_t count) {
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::string Format(int64_t unix_seconds, const char* format) {
  const std::time_t time = unix_seconds;
  std::tm parts = {};
  gmtime_r(&time, &parts);
  char buffer[64];
  return {buffer, std::strftime(buffer, sizeof buffer, format, &parts)};
}

}  // namespace

int64_t SystemClock::UnixSeconds() const {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::optional<int64_t> ParseIsoSeconds(std::string_view t) {
  if (t.size() < 19 || t[4] != '-' || t[7] != '-' || (t[10] != 'T' && t[10] != ' ') ||
      t[13] != ':' || t[16] != ':') {
    return std::nullopt;
  }
  const auto year = Digits(t, 0, 4), month = Digits(t, 5, 2), day = Digits(t, 8, 2);
  const auto hour = Digits(t, 11, 2), minute = Digits(t, 14, 2), second = Digits(t, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (*month < 1 || *month > 12 || *day < 1 || *day > 31 || *hour > 23 || *minute > 59 ||
      *second > 60) {
    return std::nullopt;
  }
  return DaysFromCivil(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day)) * 86400 +
         *hour * 3600 + *minute * 60 + *second;
}

// Every turn of a dataset has its time: strftime would be a tenth of writing it.
std::string FormatIsoUtc(int64_t unix_seconds) {
  using std::chrono::days, std::chrono::floor, std::chrono::seconds;
  const std::chrono::sys_seconds time{seconds(unix_seconds)};
  const auto midnight = floor<days>(time);
  const std::chrono::year_month_day date(midnight);
  const int year = static_cast<int>(date.year());
  if (year < 0 || year > 9999) return Format(unix_seconds, "%Y-%m-%dT%H:%M:%SZ");
  const auto second = static_cast<unsigned>((time - midnight).count());
  std::string text = "0000-00-00T00:00:00Z";
  const auto put = [&text](size_t at, unsigned number) {
    text[at] = static_cast<char>('0' + number / 10 % 10);
    text[at + 1] = static_cast<char>('0' + number % 10);
  };
  put(0, static_cast<unsigned>(year) / 100);
  put(2, static_cast<unsigned>(year) % 100);
  put(5, static_cast<unsigned>(date.month()));
  put(8, static_cast<unsigned>(date.day()));
  put(11, second / 3600);
  put(14, second / 60 % 60);
  put(17, second % 60);
  return text;
}
std::string FormatStampUtc(int64_t unix_seconds) {
  return Format(unix_seconds, "%Y%m%d-%H%M%S");
}
std::string FormatDay(int64_t unix_seconds) {
  return Format(unix_seconds, "%Y-%m-%d");
}

}  // namespace idiolect
