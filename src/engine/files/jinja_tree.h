#pragma once
// A template once it is read: what the parser makes and the renderer walks through.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/files/jinja.h"

namespace idiolect::jinja {

// Deeper than this nothing is nested, be it expressions or tags.
constexpr int kDeepest = 60;

struct Expr {
  enum class Op {
    kLiteral,
    kName,
    kMember,
    kIndex,
    kSlice,
    kCall,
    kFilter,
    kTest,
    kNot,
    kNegative,
    kAnd,
    kOr,
    kIf,
    kBinary,
    kIn,
    kList,
    kMap,
  };
  Op op = Op::kLiteral;
  std::string text;  // name, operator
  JinjaValue value;
  std::vector<std::unique_ptr<Expr>> kids;  // null: left out, in slices
  std::vector<std::pair<std::string, std::unique_ptr<Expr>>> named;
  bool negated = false;
};
using ExprPtr = std::unique_ptr<Expr>;

struct Node {
  enum class Type { kText, kPrint, kIf, kFor, kSet, kSetBlock, kBreak, kContinue };
  Type type = Type::kText;
  std::string text;                // text; the variable that is set
  std::string member;              // of a namespace that is set
  std::vector<std::string> names;  // loop variables
  ExprPtr value, filter;
  struct Branch {
    ExprPtr condition;  // null: else
    std::vector<Node> body;
  };
  std::vector<Branch> branches;
  std::vector<Node> body;
};

}  // namespace idiolect::jinja
