#pragma once
// Expressions out of the words of a tag, by descent from what binds least to what binds most. The
// parser of tags takes names and signs out of the same words.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/files/jinja_lexer.h"
#include "engine/files/jinja_tree.h"

namespace idiolect::jinja {

class ExprParser {
 public:
  explicit ExprParser(std::vector<Token> words) : words_(std::move(words)) {}

  // One expression and nothing behind it.
  Result<ExprPtr> All();
  bool done() const { return at_ >= words_.size(); }
  const Token& Peek() const {
    static const Token kEnd;
    return done() ? kEnd : words_[at_];
  }
  bool IsName(std::string_view name) const {
    return Peek().type == Token::Type::kName && Peek().text == name;
  }
  bool IsSign(std::string_view sign) const {
    return Peek().type == Token::Type::kSign && Peek().text == sign;
  }
  bool TakeName(std::string_view name) {
    if (!IsName(name)) return false;
    ++at_;
    return true;
  }
  bool TakeSign(std::string_view sign) {
    if (!IsSign(sign)) return false;
    ++at_;
    return true;
  }
  Result<std::string> Name();
  Result<ExprPtr> Ternary();
  Result<ExprPtr> Or();

 private:
  static ExprPtr Make(Expr::Op op, std::string text = {}) {
    auto expr = std::make_unique<Expr>();
    expr->op = op;
    expr->text = std::move(text);
    return expr;
  }
  static ExprPtr Pair(Expr::Op op, std::string text, ExprPtr left, ExprPtr right) {
    ExprPtr expr = Make(op, std::move(text));
    expr->kids.push_back(std::move(left));
    expr->kids.push_back(std::move(right));
    return expr;
  }
  Result<ExprPtr> And();
  Result<ExprPtr> Not();
  Result<ExprPtr> Compare();
  Result<ExprPtr> Sum();
  Result<ExprPtr> Product();
  Result<ExprPtr> Unary();
  // Members, calls, filters, then tests.
  Result<ExprPtr> Tested();
  Result<ExprPtr> Subscript(ExprPtr of);
  Status Arguments(Expr* call);
  Result<ExprPtr> Primary();

  std::vector<Token> words_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace idiolect::jinja
