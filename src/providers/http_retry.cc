#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "providers/http.h"

namespace idiolect {
namespace {

// Seconds, the only form the APIs we know use; a date is read as "no advice".
std::optional<int64_t> RetryAfterMs(const HttpAnswer& answer) {
  const auto found = answer.headers.find("retry-after");
  if (found == answer.headers.end()) return std::nullopt;
  const std::string_view text = TrimSpace(found->second);
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end == text.data() || seconds < 0 || seconds > 1'000'000) {
    return std::nullopt;
  }
  return seconds * 1000;
}

bool WorthTrying(const HttpAnswer& answer, Repeat repeat) {
  if (answer.error && answer.error->kind != ErrorKind::kUnavailable) return false;
  if (answer.delivery == Delivery::kNotSent) return true;
  if (answer.status == 429) {
    // Out of money is 429 too, and waiting does not help.
    return answer.body.find("insufficient_quota") == std::string::npos;
  }
  if (repeat == Repeat::kUnlessMaybeDone) return false;
  return answer.error || answer.status == 408 || answer.status == 409 || answer.status == 425 ||
         (answer.status >= 500 && answer.status != 501 && answer.status != 505);
}

}  // namespace

bool PauseFor(int64_t milliseconds, const Interrupt& interrupt) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  for (;;) {
    if (interrupt.Requested()) return false;
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= std::chrono::milliseconds(0)) return true;
    std::this_thread::sleep_for(
        std::min<std::chrono::nanoseconds>(left, std::chrono::milliseconds(50)));
  }
}

HttpAnswer HttpRetry::Send(const HttpRequest& request, Repeat repeat, const Interrupt& interrupt) {
  int64_t delay = policy_.first_delay_ms;
  for (int tried = 1;; ++tried) {
    HttpAnswer answer = client_.Send(request, interrupt);
    if (request.begun != nullptr && *request.begun) return answer;
    if (tried >= policy_.tries || !WorthTrying(answer, repeat)) return answer;
    int64_t wait = delay - static_cast<int64_t>(random_.Uniform() * static_cast<double>(delay) / 2);
    if (const auto asked = RetryAfterMs(answer)) {
      if (*asked > int64_t{1000} * policy_.longest_retry_after_s) return answer;
      wait = std::max(wait, *asked);
    }
    Log(LogLevel::kInfo, "http: " + request.method + " answered " + std::to_string(answer.status) +
                             ", again in " + std::to_string(wait) + " ms");
    if (!PauseFor(wait, interrupt)) {
      answer.error = Error{ErrorKind::kInterrupted, "waiting for the server was interrupted", ""};
      return answer;
    }
    delay = std::min<int64_t>(delay * 2, policy_.longest_delay_ms);
  }
}

}  // namespace idiolect
