#include "engine/files/jinja_runner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "engine/files/jinja_lexer.h"
#include "engine/files/jinja_values.h"
#include "engine/files/quoted.h"

namespace idiolect::jinja {

using Value = JinjaValue;
using Kind = JinjaValue::Kind;

namespace {

constexpr int64_t kMostSteps = 200'000;

}  // namespace

Result<std::string> Runner::Run(const std::vector<Node>& nodes) {
  RETURN_IF_ERROR(Body(nodes));
  return std::move(out_);
}

Status Runner::Step() {
  if (++steps_ > kMostSteps) return Bad("it takes too long");
  return {};
}

Status Runner::Print(const Value& value) {
  if (value.kind == Kind::kUndefined) return {};
  ASSIGN_OR_RETURN(const std::string text, TextOf(value));
  out_ += text;
  return out_.size() > kLongestText ? Status(Bad("it writes too much")) : Status();
}

Status Runner::Body(const std::vector<Node>& nodes) {
  for (const Node& node : nodes) {
    RETURN_IF_ERROR(Step());
    switch (node.type) {
      case Node::Type::kText:
        out_ += node.text;
        if (out_.size() > kLongestText) return Bad("it writes too much");
        break;
      case Node::Type::kPrint: {
        ASSIGN_OR_RETURN(const Value value, Eval(*node.value));
        RETURN_IF_ERROR(Print(value));
        break;
      }
      case Node::Type::kIf:
        for (const Node::Branch& branch : node.branches) {
          bool taken = branch.condition == nullptr;
          if (!taken) {
            ASSIGN_OR_RETURN(const Value value, Eval(*branch.condition));
            taken = value.IsTrue();
          }
          if (!taken) continue;
          RETURN_IF_ERROR(Body(branch.body));
          break;
        }
        break;
      case Node::Type::kFor:
        RETURN_IF_ERROR(Loop(node));
        break;
      case Node::Type::kSet: {
        ASSIGN_OR_RETURN(Value value, Eval(*node.value));
        RETURN_IF_ERROR(Set(node, std::move(value)));
        break;
      }
      case Node::Type::kSetBlock: {
        std::string outer = std::exchange(out_, {});
        RETURN_IF_ERROR(Body(node.body));
        RETURN_IF_ERROR(Set(node, Value::Of(std::exchange(out_, std::move(outer)))));
        break;
      }
      case Node::Type::kBreak:
        flow_ = Flow::kBreak;
        return {};
      case Node::Type::kContinue:
        flow_ = Flow::kContinue;
        return {};
    }
    if (flow_ != Flow::kOn) return {};
  }
  return {};
}

Status Runner::Set(const Node& node, Value value) {
  if (node.member.empty()) {
    scopes_.back()[node.text] = std::move(value);
    return {};
  }
  Value* target = Find(node.text);
  if (target == nullptr || target->kind != Kind::kMap) return Bad(node.text + " is no namespace");
  (*target->map)[node.member] = std::move(value);
  return {};
}

JinjaValue* Runner::Find(std::string_view name) {
  for (size_t i = scopes_.size(); i-- > 0;) {
    const auto found = scopes_[i].find(name);
    if (found != scopes_[i].end()) return &found->second;
  }
  return nullptr;
}

Status Runner::Bind(const Node& node, const Value& item) {
  if (node.names.size() == 1) {
    scopes_.back()[node.names[0]] = item;
    return {};
  }
  if (item.kind != Kind::kList || item.list->size() != node.names.size()) {
    return Bad("a loop's items do not have as many parts as it has names");
  }
  for (size_t i = 0; i < node.names.size(); ++i) {
    scopes_.back()[node.names[i]] = (*item.list)[i];
  }
  return {};
}

Status Runner::Loop(const Node& node) {
  ASSIGN_OR_RETURN(const Value of, Eval(*node.value));
  ASSIGN_OR_RETURN(Value::List items, ItemsOf(of));
  scopes_.emplace_back();
  if (node.filter != nullptr) {
    Value::List kept;
    for (Value& item : items) {
      RETURN_IF_ERROR(Bind(node, item));
      ASSIGN_OR_RETURN(const Value wanted, Eval(*node.filter));
      if (wanted.IsTrue()) kept.push_back(std::move(item));
    }
    items = std::move(kept);
  }
  for (size_t i = 0; i < items.size(); ++i) {
    RETURN_IF_ERROR(Step());
    // What a turn of the loop sets is forgotten after it.
    scopes_.back().clear();
    const auto index = static_cast<int64_t>(i), count = static_cast<int64_t>(items.size());
    Value::Map loop = {{"index0", Value::Of(index)},
                       {"index", Value::Of(index + 1)},
                       {"revindex0", Value::Of(count - index - 1)},
                       {"revindex", Value::Of(count - index)},
                       {"length", Value::Of(count)},
                       {"first", Value::Of(i == 0)},
                       {"last", Value::Of(i + 1 == items.size())}};
    if (i > 0) loop["previtem"] = items[i - 1];
    if (i + 1 < items.size()) loop["nextitem"] = items[i + 1];
    scopes_.back()["loop"] = Value::Of(std::move(loop));
    RETURN_IF_ERROR(Bind(node, items[i]));
    RETURN_IF_ERROR(Body(node.body));
    const Flow flow = std::exchange(flow_, Flow::kOn);
    if (flow == Flow::kBreak) break;
  }
  scopes_.pop_back();
  if (items.empty() && !node.branches.empty()) return Body(node.branches[0].body);
  return {};
}

Result<Value> Runner::Eval(const Expr& expr) {
  RETURN_IF_ERROR(Step());
  switch (expr.op) {
    case Expr::Op::kLiteral:
      return expr.value;
    case Expr::Op::kName: {
      const Value* found = Find(expr.text);
      return found == nullptr ? Value() : *found;
    }
    case Expr::Op::kMember: {
      ASSIGN_OR_RETURN(const Value of, Eval(*expr.kids[0]));
      return Member(of, expr.text);
    }
    case Expr::Op::kIndex:
      return Index(expr);
    case Expr::Op::kSlice:
      return Slice(expr);
    case Expr::Op::kCall:
      return Call(expr);
    case Expr::Op::kFilter:
      return Filter(expr);
    case Expr::Op::kTest: {
      ASSIGN_OR_RETURN(const Value of, Eval(*expr.kids[0]));
      ASSIGN_OR_RETURN(const Value::List more, Rest(expr));
      ASSIGN_OR_RETURN(const bool is, Test(expr.text, of, more));
      return Value::Of(is != expr.negated);
    }
    case Expr::Op::kNot: {
      ASSIGN_OR_RETURN(const Value of, Eval(*expr.kids[0]));
      return Value::Of(!of.IsTrue());
    }
    case Expr::Op::kNegative: {
      ASSIGN_OR_RETURN(const Value of, Eval(*expr.kids[0]));
      if (of.kind != Kind::kInteger) return Bad("what is no number is negated");
      return Value::Of(-of.integer);
    }
    case Expr::Op::kAnd:
    case Expr::Op::kOr: {
      ASSIGN_OR_RETURN(Value left, Eval(*expr.kids[0]));
      if (left.IsTrue() == (expr.op == Expr::Op::kOr)) return left;
      return Eval(*expr.kids[1]);
    }
    case Expr::Op::kIf: {
      ASSIGN_OR_RETURN(const Value condition, Eval(*expr.kids[0]));
      if (condition.IsTrue()) return Eval(*expr.kids[1]);
      return expr.kids[2] == nullptr ? Result<Value>(Value()) : Eval(*expr.kids[2]);
    }
    case Expr::Op::kBinary:
      return Binary(expr);
    case Expr::Op::kIn: {
      ASSIGN_OR_RETURN(const Value what, Eval(*expr.kids[0]));
      ASSIGN_OR_RETURN(const Value of, Eval(*expr.kids[1]));
      bool in = false;
      if (of.kind == Kind::kText && what.kind == Kind::kText) {
        in = of.text.find(what.text) != std::string::npos;
      } else if (of.kind == Kind::kMap && what.kind == Kind::kText) {
        in = of.map->count(what.text) > 0;
      } else if (of.kind == Kind::kList) {
        in = std::any_of(of.list->begin(), of.list->end(),
                         [&](const Value& item) { return Equal(item, what); });
      } else {
        return Bad("\"in\" is asked of what holds nothing");
      }
      return Value::Of(in != expr.negated);
    }
    case Expr::Op::kList: {
      Value::List items;
      for (const ExprPtr& kid : expr.kids) {
        ASSIGN_OR_RETURN(Value item, Eval(*kid));
        items.push_back(std::move(item));
      }
      return Value::Of(std::move(items));
    }
    case Expr::Op::kMap: {
      Value::Map items;
      for (const auto& [key, kid] : expr.named) {
        ASSIGN_OR_RETURN(items[key], Eval(*kid));
      }
      return Value::Of(std::move(items));
    }
  }
  return Value();
}

Result<Value::List> Runner::Rest(const Expr& expr) {
  Value::List values;
  for (size_t i = 1; i < expr.kids.size(); ++i) {
    ASSIGN_OR_RETURN(Value value, Eval(*expr.kids[i]));
    values.push_back(std::move(value));
  }
  return values;
}

Result<Value> Runner::Index(const Expr& expr) {
  ASSIGN_OR_RETURN(const Value of, Eval(*expr.kids[0]));
  ASSIGN_OR_RETURN(const Value at, Eval(*expr.kids[1]));
  if (at.kind == Kind::kText) return Member(of, at.text);
  if (at.kind != Kind::kInteger) return Bad("an index is no number and no text");
  if (of.kind != Kind::kList) return Bad("a number is asked of what is no list");
  const auto count = static_cast<int64_t>(of.list->size());
  const int64_t index = at.integer < 0 ? at.integer + count : at.integer;
  if (index < 0 || index >= count) return Value();
  return (*of.list)[static_cast<size_t>(index)];
}

Result<Value> Runner::Slice(const Expr& expr) {
  ASSIGN_OR_RETURN(const Value of, Eval(*expr.kids[0]));
  std::optional<int64_t> parts[3];
  for (size_t i = 0; i < 3; ++i) {
    if (expr.kids[i + 1] == nullptr) continue;
    ASSIGN_OR_RETURN(const Value part, Eval(*expr.kids[i + 1]));
    if (part.kind != Kind::kInteger) return Bad("a slice's bound is no number");
    parts[i] = part.integer;
  }
  const int64_t step = parts[2].value_or(1);
  if (step != 1 && step != -1) return Bad("a slice takes other steps than one");
  if (of.kind != Kind::kList && of.kind != Kind::kText) return Bad("what is no list is cut");
  const auto count =
      static_cast<int64_t>(of.kind == Kind::kList ? of.list->size() : of.text.size());
  if (step == -1) {
    if (parts[0] || parts[1] || of.kind == Kind::kText) return Bad("a slice backwards has bounds");
    return Value::Of(Value::List(of.list->rbegin(), of.list->rend()));
  }
  const auto bound = [&](std::optional<int64_t> part, int64_t fallback) {
    int64_t at = part.value_or(fallback);
    if (at < 0) at += count;
    return std::clamp<int64_t>(at, 0, count);
  };
  const int64_t begin = bound(parts[0], 0), end = std::max(begin, bound(parts[1], count));
  if (of.kind == Kind::kText) {
    return Value::Of(of.text.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
  }
  return Value::Of(Value::List(of.list->begin() + begin, of.list->begin() + end));
}

Result<Value> Runner::Binary(const Expr& expr) {
  ASSIGN_OR_RETURN(const Value a, Eval(*expr.kids[0]));
  ASSIGN_OR_RETURN(const Value b, Eval(*expr.kids[1]));
  const std::string& op = expr.text;
  if (op == "==" || op == "!=") return Value::Of(Equal(a, b) == (op == "=="));
  if (op == "~") {
    ASSIGN_OR_RETURN(const std::string left, TextOf(a));
    ASSIGN_OR_RETURN(const std::string right, TextOf(b));
    return Joined(left, right);
  }
  if (op == "+" && a.kind == Kind::kText && b.kind == Kind::kText) return Joined(a.text, b.text);
  if (op == "+" && a.kind == Kind::kList && b.kind == Kind::kList) {
    if (a.list->size() + b.list->size() > kMostSteps) return Bad("a list grows too long");
    Value::List items = *a.list;
    items.insert(items.end(), b.list->begin(), b.list->end());
    return Value::Of(std::move(items));
  }
  if (a.kind == Kind::kText && b.kind == Kind::kText) {
    if (op == "<") return Value::Of(a.text < b.text);
    if (op == ">") return Value::Of(a.text > b.text);
  }
  if (a.kind != Kind::kInteger || b.kind != Kind::kInteger) {
    return Bad("the sign " + Quoted(op) + " stands between things that it cannot join");
  }
  const int64_t x = a.integer, y = b.integer;
  int64_t result = 0;
  if (op == "<") return Value::Of(x < y);
  if (op == ">") return Value::Of(x > y);
  if (op == "<=") return Value::Of(x <= y);
  if (op == ">=") return Value::Of(x >= y);
  if ((op == "%" || op == "//") && (y == 0 || y == -1)) return Bad("a division makes no sense");
  if (op == "%") return Value::Of(((x % y) + y) % y);
  if (op == "//") return Value::Of(x / y - ((x % y != 0) && ((x < 0) != (y < 0)) ? 1 : 0));
  const bool overflow = op == "+"   ? __builtin_add_overflow(x, y, &result)
                        : op == "-" ? __builtin_sub_overflow(x, y, &result)
                                    : __builtin_mul_overflow(x, y, &result);
  return overflow ? Result<Value>(Bad("a number is too large")) : Value::Of(result);
}

Result<Value> Runner::Call(const Expr& expr) {
  const Expr& callee = *expr.kids[0];
  ASSIGN_OR_RETURN(const Value::List arguments, Rest(expr));
  if (callee.op == Expr::Op::kName) {
    if (callee.text == "raise_exception") {
      const std::string words = arguments.empty() ? "" : arguments[0].text;
      return Fail(ErrorKind::kMisuse, words);
    }
    if (callee.text == "namespace" || callee.text == "dict") {
      Value::Map members;
      for (const auto& [key, kid] : expr.named) {
        ASSIGN_OR_RETURN(members[key], Eval(*kid));
      }
      return Value::Of(std::move(members));
    }
    if (callee.text == "range" && !arguments.empty() && arguments.size() <= 2) {
      for (const Value& value : arguments) {
        if (value.kind != Kind::kInteger) return Bad("range is given what is no number");
      }
      const int64_t from = arguments.size() == 2 ? arguments[0].integer : 0;
      const int64_t to = arguments.back().integer;
      if (to > from && to - from > kMostSteps) return Bad("a range is too long");
      Value::List items;
      for (int64_t i = from; i < to; ++i) items.push_back(Value::Of(i));
      return Value::Of(std::move(items));
    }
    return Bad("the function " + Quoted(callee.text) + " is not supported");
  }
  if (callee.op != Expr::Op::kMember) return Bad("what is no function is called");
  ASSIGN_OR_RETURN(const Value of, Eval(*callee.kids[0]));
  return Method(of, callee.text, arguments);
}

Result<Value> Runner::Filter(const Expr& expr) {
  const std::string& name = expr.text;
  ASSIGN_OR_RETURN(const Value of, Eval(*expr.kids[0]));
  ASSIGN_OR_RETURN(const Value::List more, Rest(expr));
  if (name == "default" || name == "d") {
    const bool falsy = more.size() > 1 && more[1].IsTrue();
    const bool there = falsy ? of.IsTrue() : of.kind != Kind::kUndefined;
    return there || more.empty() ? of : more[0];
  }
  if (name == "safe" || name == "string") {
    ASSIGN_OR_RETURN(std::string text, TextOf(of));
    return Value::Of(std::move(text));
  }
  if (of.kind == Kind::kText) {
    if (name == "trim" && more.empty()) return Value::Of(std::string(TrimSpace(of.text)));
    if (name == "upper") return Value::Of(Cased(of.text, true));
    if (name == "lower") return Value::Of(Cased(of.text, false));
    if (name == "capitalize" && !of.text.empty()) {
      return Value::Of(Cased(of.text.substr(0, 1), true) + Cased(of.text.substr(1), false));
    }
    if (name == "replace" && more.size() == 2) {
      return Value::Of(ReplaceAll(of.text, more[0].text, more[1].text));
    }
    if (name == "length" || name == "count") {
      int64_t letters = 0;
      for (const char c : of.text) letters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      return Value::Of(letters);
    }
  }
  if (of.kind == Kind::kMap) {
    if (name == "items") return Items(of);
    if (name == "length" || name == "count") return Value::Of(static_cast<int64_t>(of.map->size()));
  }
  if (of.kind == Kind::kList) {
    const Value::List& items = *of.list;
    if (name == "length" || name == "count") return Value::Of(static_cast<int64_t>(items.size()));
    if (name == "list") return of;
    if (name == "first") return items.empty() ? Value() : items.front();
    if (name == "last") return items.empty() ? Value() : items.back();
    if (name == "join" && more.size() <= 1) {
      std::string joined;
      for (size_t i = 0; i < items.size(); ++i) {
        ASSIGN_OR_RETURN(const std::string text, TextOf(items[i]));
        joined += (i > 0 && !more.empty() ? more[0].text : "") + text;
        if (joined.size() > kLongestText) return Bad("a text grows too long");
      }
      return Value::Of(std::move(joined));
    }
    const bool selects = name == "selectattr" || name == "rejectattr";
    if (selects && !more.empty()) {
      Value::List kept;
      for (const Value& item : items) {
        RETURN_IF_ERROR(Step());
        ASSIGN_OR_RETURN(const Value member, Member(item, more[0].text));
        bool is = member.IsTrue();
        if (more.size() > 1) {
          const Value::List rest(more.begin() + 2, more.end());
          ASSIGN_OR_RETURN(is, Test(more[1].text, member, rest));
        }
        if (is == (name == "selectattr")) kept.push_back(item);
      }
      return Value::Of(std::move(kept));
    }
    if (name == "map" && expr.named.size() == 1 && expr.named[0].first == "attribute") {
      ASSIGN_OR_RETURN(const Value key, Eval(*expr.named[0].second));
      Value::List mapped;
      for (const Value& item : items) {
        ASSIGN_OR_RETURN(Value member, Member(item, key.text));
        mapped.push_back(std::move(member));
      }
      return Value::Of(std::move(mapped));
    }
  }
  return Bad("the filter " + Quoted(name) + " is not supported, or not of what it is given");
}

}  // namespace idiolect::jinja
