#pragma once
// What can be done with a value alone, whatever the template's variables: texts, comparisons,
// tests, methods.

#include <string>

#include "base/result.h"
#include "engine/files/jinja.h"

namespace idiolect::jinja {

constexpr size_t kLongestText = size_t{1} << 20;

// As it is printed.
Result<std::string> TextOf(const JinjaValue& value);
// What a loop goes through: of a map its keys.
Result<JinjaValue::List> ItemsOf(const JinjaValue& value);
bool Equal(const JinjaValue& a, const JinjaValue& b);
// Undefined where there is none.
Result<JinjaValue> Member(const JinjaValue& of, const std::string& name);
// One text behind another.
Result<JinjaValue> Joined(const std::string& a, const std::string& b);
// "OF is NAME(MORE…)".
Result<bool> Test(const std::string& name, const JinjaValue& of, const JinjaValue::List& more);
// "OF.NAME(ARGUMENTS…)".
Result<JinjaValue> Method(const JinjaValue& of, const std::string& name,
                          const JinjaValue::List& arguments);
// A map's, as pairs.
JinjaValue Items(const JinjaValue& of);
// ASCII letters in the other case; the rest stays.
std::string Cased(std::string text, bool upper);
std::string ReplaceAll(const std::string& text, const std::string& from, const std::string& to);

}  // namespace idiolect::jinja
