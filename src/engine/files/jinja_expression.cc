#include "engine/files/jinja_expression.h"

#include "engine/files/quoted.h"

namespace idiolect::jinja {

Result<ExprPtr> ExprParser::All() {
  ASSIGN_OR_RETURN(ExprPtr expr, Ternary());
  if (!done()) return Bad("there is a word too much: " + Quoted(Peek().text));
  return expr;
}

Result<std::string> ExprParser::Name() {
  if (Peek().type != Token::Type::kName)
    return Bad("a name is missing before " + Quoted(Peek().text));
  return words_[at_++].text;
}

Result<ExprPtr> ExprParser::Ternary() {
  if (++depth_ > kDeepest) return Bad("it is nested too deep");
  ASSIGN_OR_RETURN(ExprPtr left, Or());
  if (TakeName("if")) {
    ASSIGN_OR_RETURN(ExprPtr condition, Or());
    ExprPtr otherwise;
    if (TakeName("else")) {
      ASSIGN_OR_RETURN(otherwise, Ternary());
    }
    ExprPtr expr = Make(Expr::Op::kIf);
    expr->kids.push_back(std::move(condition));
    expr->kids.push_back(std::move(left));
    expr->kids.push_back(std::move(otherwise));
    left = std::move(expr);
  }
  --depth_;
  return left;
}

Result<ExprPtr> ExprParser::Or() {
  ASSIGN_OR_RETURN(ExprPtr left, And());
  while (TakeName("or")) {
    ASSIGN_OR_RETURN(ExprPtr right, And());
    left = Pair(Expr::Op::kOr, "or", std::move(left), std::move(right));
  }
  return left;
}

Result<ExprPtr> ExprParser::And() {
  ASSIGN_OR_RETURN(ExprPtr left, Not());
  while (TakeName("and")) {
    ASSIGN_OR_RETURN(ExprPtr right, Not());
    left = Pair(Expr::Op::kAnd, "and", std::move(left), std::move(right));
  }
  return left;
}

Result<ExprPtr> ExprParser::Not() {
  if (!TakeName("not")) return Compare();
  if (++depth_ > kDeepest) return Bad("it is nested too deep");
  ASSIGN_OR_RETURN(ExprPtr inner, Not());
  --depth_;
  ExprPtr expr = Make(Expr::Op::kNot);
  expr->kids.push_back(std::move(inner));
  return expr;
}

Result<ExprPtr> ExprParser::Compare() {
  ASSIGN_OR_RETURN(ExprPtr left, Sum());
  while (true) {
    bool compared = false;
    for (const char* sign : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (!TakeSign(sign)) continue;
      ASSIGN_OR_RETURN(ExprPtr right, Sum());
      left = Pair(Expr::Op::kBinary, sign, std::move(left), std::move(right));
      compared = true;
      break;
    }
    if (compared) continue;
    const bool negated = IsName("not") && at_ + 1 < words_.size() && words_[at_ + 1].text == "in";
    if (negated) ++at_;
    if (!TakeName("in")) return left;
    ASSIGN_OR_RETURN(ExprPtr right, Sum());
    left = Pair(Expr::Op::kIn, "in", std::move(left), std::move(right));
    left->negated = negated;
  }
}

Result<ExprPtr> ExprParser::Sum() {
  ASSIGN_OR_RETURN(ExprPtr left, Product());
  while (IsSign("+") || IsSign("-") || IsSign("~")) {
    const std::string sign = words_[at_++].text;
    ASSIGN_OR_RETURN(ExprPtr right, Product());
    left = Pair(Expr::Op::kBinary, sign, std::move(left), std::move(right));
  }
  return left;
}

Result<ExprPtr> ExprParser::Product() {
  ASSIGN_OR_RETURN(ExprPtr left, Unary());
  while (IsSign("*") || IsSign("//") || IsSign("%")) {
    const std::string sign = words_[at_++].text;
    ASSIGN_OR_RETURN(ExprPtr right, Unary());
    left = Pair(Expr::Op::kBinary, sign, std::move(left), std::move(right));
  }
  return left;
}

Result<ExprPtr> ExprParser::Unary() {
  if (!TakeSign("-")) return Tested();
  if (++depth_ > kDeepest) return Bad("it is nested too deep");
  ASSIGN_OR_RETURN(ExprPtr inner, Unary());
  --depth_;
  ExprPtr expr = Make(Expr::Op::kNegative);
  expr->kids.push_back(std::move(inner));
  return expr;
}

Result<ExprPtr> ExprParser::Tested() {
  ASSIGN_OR_RETURN(ExprPtr expr, Primary());
  while (true) {
    if (TakeSign(".")) {
      ASSIGN_OR_RETURN(const std::string name, Name());
      ExprPtr member = Make(Expr::Op::kMember, name);
      member->kids.push_back(std::move(expr));
      expr = std::move(member);
    } else if (TakeSign("[")) {
      ASSIGN_OR_RETURN(expr, Subscript(std::move(expr)));
    } else if (TakeSign("(")) {
      ExprPtr call = Make(Expr::Op::kCall);
      call->kids.push_back(std::move(expr));
      RETURN_IF_ERROR(Arguments(call.get()));
      expr = std::move(call);
    } else if (TakeSign("|")) {
      ASSIGN_OR_RETURN(const std::string name, Name());
      ExprPtr filter = Make(Expr::Op::kFilter, name);
      filter->kids.push_back(std::move(expr));
      if (TakeSign("(")) RETURN_IF_ERROR(Arguments(filter.get()));
      expr = std::move(filter);
    } else if (TakeName("is")) {
      const bool negated = TakeName("not");
      ASSIGN_OR_RETURN(const std::string name, Name());
      ExprPtr test = Make(Expr::Op::kTest, name);
      test->negated = negated;
      test->kids.push_back(std::move(expr));
      if (TakeSign("(")) RETURN_IF_ERROR(Arguments(test.get()));
      expr = std::move(test);
    } else {
      return expr;
    }
  }
}

Result<ExprPtr> ExprParser::Subscript(ExprPtr of) {
  ExprPtr parts[3];
  int part = 0;
  bool slice = false;
  while (!IsSign("]")) {
    if (TakeSign(":")) {
      slice = true;
      if (++part > 2) return Bad("a slice has too many parts");
      continue;
    }
    if (parts[part] != nullptr) return Bad("a bracket has no end");
    ASSIGN_OR_RETURN(parts[part], Ternary());
  }
  ++at_;
  ExprPtr expr = Make(slice ? Expr::Op::kSlice : Expr::Op::kIndex);
  expr->kids.push_back(std::move(of));
  if (!slice && parts[0] == nullptr) return Bad("a bracket is empty");
  for (int i = 0; i < (slice ? 3 : 1); ++i) expr->kids.push_back(std::move(parts[i]));
  return expr;
}

Status ExprParser::Arguments(Expr* call) {
  while (!TakeSign(")")) {
    if (done()) return Bad("a bracket has no end");
    if (Peek().type == Token::Type::kName && at_ + 1 < words_.size() &&
        words_[at_ + 1].type == Token::Type::kSign && words_[at_ + 1].text == "=") {
      const std::string name = words_[at_].text;
      at_ += 2;
      ASSIGN_OR_RETURN(ExprPtr value, Ternary());
      call->named.emplace_back(name, std::move(value));
    } else {
      ASSIGN_OR_RETURN(ExprPtr value, Ternary());
      call->kids.push_back(std::move(value));
    }
    if (!IsSign(")") && !TakeSign(","))
      return Bad("a comma is missing before " + Quoted(Peek().text));
  }
  return {};
}

Result<ExprPtr> ExprParser::Primary() {
  const Token token = Peek();
  if (token.type == Token::Type::kEnd) return Bad("an expression has no end");
  ++at_;
  ExprPtr expr = Make(Expr::Op::kLiteral);
  switch (token.type) {
    case Token::Type::kInteger:
      expr->value = JinjaValue::Of(token.integer);
      return expr;
    case Token::Type::kText:
      expr->value = JinjaValue::Of(token.text);
      return expr;
    case Token::Type::kName:
      if (token.text == "true" || token.text == "True") {
        expr->value = JinjaValue::Of(true);
      } else if (token.text == "false" || token.text == "False") {
        expr->value = JinjaValue::Of(false);
      } else if (token.text == "none" || token.text == "None") {
        expr->value = JinjaValue::None();
      } else {
        expr = Make(Expr::Op::kName, token.text);
      }
      return expr;
    default:
      break;
  }
  if (token.text == "(") {
    ASSIGN_OR_RETURN(ExprPtr inner, Ternary());
    if (!TakeSign(")")) return Bad("a bracket has no end");
    return inner;
  }
  if (token.text == "[") {
    expr = Make(Expr::Op::kList);
    while (!TakeSign("]")) {
      ASSIGN_OR_RETURN(ExprPtr item, Ternary());
      expr->kids.push_back(std::move(item));
      if (!IsSign("]") && !TakeSign(",")) return Bad("a list has no end");
    }
    return expr;
  }
  if (token.text == "{") {
    expr = Make(Expr::Op::kMap);
    while (!TakeSign("}")) {
      if (Peek().type != Token::Type::kText) return Bad("a map's key is no text");
      const std::string key = words_[at_++].text;
      if (!TakeSign(":")) return Bad("a map has no colon");
      ASSIGN_OR_RETURN(ExprPtr item, Ternary());
      expr->named.emplace_back(key, std::move(item));
      if (!IsSign("}") && !TakeSign(",")) return Bad("a map has no end");
    }
    return expr;
  }
  return Bad("an expression cannot begin with " + Quoted(token.text));
}

}  // namespace idiolect::jinja
