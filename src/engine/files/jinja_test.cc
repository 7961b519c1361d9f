#include "engine/files/jinja.h"

#include <gtest/gtest.h>

#include <string>

namespace idiolect {
namespace {

using Value = JinjaValue;

Value Message(const std::string& role, const std::string& content) {
  return Value::Of(Value::Map{{"role", Value::Of(role)}, {"content", Value::Of(content)}});
}

// The rendering, or "error: …", or "raised: …".
std::string Render(std::string_view text) {
  const auto parsed = JinjaTemplate::Parse(text);
  if (!parsed) return "error: " + parsed.error().message;
  const Value::Map variables = {
      {"messages", Value::Of(Value::List{Message("user", "hi"), Message("assistant", " yes ")})},
      {"flag", Value::Of(true)},
      {"n", Value::Of(int64_t{7})},
      {"none_there", Value::None()}};
  auto rendered = parsed->Render(variables);
  if (rendered) return *std::move(rendered);
  return (rendered.error().kind == ErrorKind::kMisuse ? "raised: " : "error: ") +
         rendered.error().message;
}

TEST(JinjaTest, WritesTextsAndValues) {
  EXPECT_EQ(Render("a{{ n }}b{{ 'x\\ny' }}{{ \"q'\" }}{{ flag }}{{ none_there }}{{ nothing }}"),
            "a7bx\nyq'TrueNone");
  EXPECT_EQ(Render("{{ messages[0]['role'] }} {{ messages[-1].content|trim }}|"), "user yes|");
  EXPECT_EQ(Render("{# {{ n }} #}{{ 'a' ~ n + 1 }} {{ 17 // 5 }} {{ -7 % 5 }} {{ 2 * (n - 3) }}"),
            "error: trying the chat template: the sign \"+\" stands between things that it cannot "
            "join");
  EXPECT_EQ(Render("{{ 'a' ~ n }} {{ 17 // 5 }} {{ -7 % 5 }} {{ 2 * (n - 3) }}"), "a7 3 3 8");
}

TEST(JinjaTest, TreatsWhiteSpaceAsHuggingFaceDoes) {
  EXPECT_EQ(Render("a\n  {% if flag %}\nb\n  {% endif %}\nc\n"), "a\nb\nc");
  EXPECT_EQ(Render("a\n  {%- if flag -%}\n  b  \n  {%- endif %}\nc"), "abc");
  EXPECT_EQ(Render("a {{- n -}} b"), "a7b");
  EXPECT_EQ(Render("x {% if flag %} y {% endif %} z"), "x  y  z");
  EXPECT_EQ(Render("a\n  {%+ if flag %}b{% endif %}"), "a\n  b");
  EXPECT_EQ(Render("{{ n }}\n{{ n }}"), "7\n7");
}

TEST(JinjaTest, Decides) {
  EXPECT_EQ(Render("{% if n > 9 %}a{% elif n == 7 and not none_there %}b{% else %}c{% endif %}"),
            "b");
  EXPECT_EQ(Render("{{ 'y' if nothing is defined else 'n' }}{{ 'y' if n is not none }}"), "ny");
  EXPECT_EQ(Render("{{ 'role' in messages[0] }} {{ 'x' not in 'abc' }} {{ 7 in [1, n] }}"),
            "True True True");
  EXPECT_EQ(Render("{{ messages is string }} {{ messages[0] is mapping }} {{ n is odd }}"),
            "False True True");
  EXPECT_EQ(Render("{{ nothing or 'other' }}{{ '' and 'x' }}{{ nothing | default('d') }}"),
            "otherd");
}

TEST(JinjaTest, GoesThroughLists) {
  EXPECT_EQ(Render("{% for m in messages %}{{ loop.index }}{{ m.role }}{% if not loop.last %},"
                   "{% endif %}{% endfor %}"),
            "1user,2assistant");
  EXPECT_EQ(Render("{% for m in messages if m.role == 'user' %}{{ m.content }}{{ loop.length }}"
                   "{% endfor %}"),
            "hi1");
  EXPECT_EQ(Render("{% for x in [] %}a{% else %}none{% endfor %}"), "none");
  EXPECT_EQ(Render("{% for x in range(5) %}{% if x == 1 %}{% continue %}{% endif %}"
                   "{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}"),
            "02");
  EXPECT_EQ(Render("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}{{ v }}{% endfor %}"), "a1b2");
  EXPECT_EQ(Render("{% for m in messages[::-1] %}{{ m.role[0:1] }}{% endfor %}"
                   "{{ messages[1:] | length }}"),
            "au1");
  // What a loop sets is forgotten after it, but for a namespace's members.
  EXPECT_EQ(Render("{% set x = 1 %}{% set ns = namespace(y=1) %}{% for i in range(3) %}"
                   "{% set x = 5 %}{% set ns.y = ns.y + 1 %}{% endfor %}{{ x }}{{ ns.y }}"),
            "14");
  EXPECT_EQ(Render("{{ messages | selectattr('role', 'equalto', 'user') | list | length }}"
                   "{{ messages | map(attribute='role') | join('+') }}"),
            "1user+assistant");
}

TEST(JinjaTest, HasTheMethodsThatTemplatesUse) {
  EXPECT_EQ(Render("{{ ' a '.strip() }}|{{ 'xxax'.lstrip('x') }}|{{ 'a\\n'.rstrip('\\n') }}"),
            "a|ax|a");
  EXPECT_EQ(Render("{{ 'a</t>b'.split('</t>')[-1] }}{{ 'abc'.startswith('ab') }}"
                   "{{ 'abc'.endswith('x') }}{{ 'aXa'.replace('X', '-') }}"),
            "bTrueFalsea-a");
  EXPECT_EQ(Render("{{ messages[0].get('name', 'none') }}{% set x %}in {{ n }}{% endset %}{{ x }}"),
            "nonein 7");
}

TEST(JinjaTest, NamesWhatItDoesNotKnow) {
  const std::string prefix = "error: trying the chat template: ";
  EXPECT_EQ(Render("{% macro x() %}{% endmacro %}"), prefix + "the tag \"macro\" is not supported");
  EXPECT_EQ(Render("{{ n | tojson }}"),
            prefix + "the filter \"tojson\" is not supported, or not of what it is given");
  EXPECT_EQ(Render("{{ strftime_now('%d') }}"),
            prefix + "the function \"strftime_now\" is not supported");
  EXPECT_EQ(Render("{{ 'a'.title() }}"), prefix + "the method \"title\" is not supported");
  EXPECT_EQ(Render("{{ n is divisibleby(3) }}"),
            prefix + "the test \"divisibleby\" is not supported");
  EXPECT_EQ(Render("{{ nothing.x }}"), prefix + ".x of something undefined");
  EXPECT_EQ(Render("{{ raise_exception('no ' + 'tools') }}"), "raised: no tools");
  for (const char* broken : {"{{ n", "{% if n %}", "{% endif %}", "{{ }}", "{{ 'a }}", "{{ n n }}",
                             "{% for x y %}{% endfor %}", "{{ (n }}", "{% set %}", "{{ [1, }}",
                             "{{ n[ }}", "{{ 1.5 }}", "{{ 99999999999999999999 }}", "{% %}"}) {
    EXPECT_EQ(Render(broken).substr(0, prefix.size()), prefix) << broken;
  }
}

TEST(JinjaTest, IsBounded) {
  const std::string prefix = "error: trying the chat template: ";
  EXPECT_EQ(Render("{% for i in range(900) %}{% for j in range(900) %}{% endfor %}{% endfor %}"),
            prefix + "it takes too long");
  EXPECT_EQ(Render("{% for i in range(99999999999) %}{% endfor %}"),
            prefix + "a range is too long");
  EXPECT_EQ(Render("{% set ns = namespace(x='0123456789abcdef') %}{% for i in range(99) %}"
                   "{% set ns.x = ns.x + ns.x %}{% endfor %}"),
            prefix + "a text grows too long");
  EXPECT_EQ(Render("{{ " + std::string(5000, '(') + "1" + std::string(5000, ')') + " }}"),
            prefix + "a tag is too long");
  EXPECT_EQ(Render("{{ " + std::string(200, '(') + "1" + std::string(200, ')') + " }}"),
            prefix + "it is nested too deep");
  EXPECT_EQ(Render("{{ " + std::string(200, '-') + "1 }}"), prefix + "it is nested too deep");
  std::string nested;
  for (int i = 0; i < 5000; ++i) nested += "{% if flag %}";
  EXPECT_EQ(Render(nested), prefix + "it is nested too deep");
  std::string chain = "{{ n";
  for (int i = 0; i < 20000; ++i) chain += "[0]";
  EXPECT_EQ(Render(chain + " }}").substr(0, prefix.size()), prefix);
}

}  // namespace
}  // namespace idiolect
