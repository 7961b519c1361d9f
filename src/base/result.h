#pragma once
// The one way a call says that it failed. Every module uses it; nothing in the project throws.
//
// A function that can fail returns Result<T>: a value, or an Error. "Not there" is no error: such a
// function returns Result<std::optional<T>>.

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace idiolect {

// Kinds exist only where a caller branches on them.
enum class ErrorKind {
  kFailed,       // anything not named below: exit status 1
  kBadInput,     // a file or text that is not what it should be: exit status 1
  kMisuse,       // the user asked for something that makes no sense: exit status 2
  kNotFound,     // a named thing does not exist: exit status 2
  kUnavailable,  // network or service away, may work later: exit status 1
  kInterrupted,  // the user pressed Ctrl-C: exit status 130
};

struct Error {
  ErrorKind kind = ErrorKind::kFailed;
  std::string
      message;       // what was being done, to what, what went wrong; lower case, no trailing dot
  std::string hint;  // what to try, or empty
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = tl::expected<void, Error>;

// Makes the failed arm of any Result: `return Fail(ErrorKind::kBadInput, "…", "…");`
inline tl::unexpected<Error> Fail(ErrorKind kind, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(message), std::move(hint)});
}

}  // namespace idiolect

#define IDIOLECT_CONCAT_INNER(a, b) a##b
#define IDIOLECT_CONCAT(a, b) IDIOLECT_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expression)                                         \
  do {                                                                      \
    if (auto status_ = (expression); !status_)                              \
      return tl::unexpected<::idiolect::Error>(std::move(status_).error()); \
  } while (false)

#define ASSIGN_OR_RETURN_INNER(result, declaration, expression)                     \
  auto result = (expression);                                                       \
  if (!result) return tl::unexpected<::idiolect::Error>(std::move(result).error()); \
  declaration = *std::move(result)

// ASSIGN_OR_RETURN(auto text, ReadFile(path));
#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_INNER(IDIOLECT_CONCAT(result_, __LINE__), declaration, expression)
