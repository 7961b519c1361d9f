#include "engine/files/jinja.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "engine/files/quoted.h"

namespace idiolect {
namespace {

using Value = JinjaValue;
using Kind = JinjaValue::Kind;

constexpr size_t kLongestTemplate = size_t{1} << 18;
constexpr size_t kLongestText = size_t{1} << 20;
constexpr int kDeepest = 60;
constexpr size_t kMostWords = 600;  // in one tag, and so how deep an expression can become
constexpr int64_t kMostSteps = 200'000;

tl::unexpected<Error> Bad(const std::string& why) {
  return Fail(ErrorKind::kBadInput, "trying the chat template: " + why);
}

// --- words ---

struct Token {
  enum class Type { kName, kText, kInteger, kSign, kEnd };
  Type type = Type::kEnd;
  std::string text;
  int64_t integer = 0;
};

// The words of one tag.
Result<std::vector<Token>> Words(std::string_view tag) {
  constexpr std::string_view kTwo[] = {"==", "!=", "<=", ">=", "//", "**"};
  std::vector<Token> words;
  for (size_t at = 0; at < tag.size();) {
    const char c = tag[at];
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at;
      continue;
    }
    Token token;
    if (std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_') {
      token.type = Token::Type::kName;
      while (at < tag.size() &&
             (std::isalnum(static_cast<unsigned char>(tag[at])) != 0 || tag[at] == '_')) {
        token.text += tag[at++];
      }
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      token.type = Token::Type::kInteger;
      const auto read = std::from_chars(tag.data() + at, tag.data() + tag.size(), token.integer);
      if (read.ec != std::errc()) return Bad("a number is too large");
      at = static_cast<size_t>(read.ptr - tag.data());
      if (at < tag.size() && tag[at] == '.') return Bad("numbers with a point are not supported");
    } else if (c == '\'' || c == '"') {
      token.type = Token::Type::kText;
      for (++at; at < tag.size() && tag[at] != c; ++at) {
        if (tag[at] != '\\' || at + 1 >= tag.size()) {
          token.text += tag[at];
          continue;
        }
        const char escaped = tag[++at];
        if (escaped == 'n') {
          token.text += '\n';
        } else if (escaped == 't') {
          token.text += '\t';
        } else if (escaped == 'r') {
          token.text += '\r';
        } else if (escaped == '\\' || escaped == '\'' || escaped == '"') {
          token.text += escaped;
        } else {
          return Bad(std::string("the escape \\") + escaped + " is not supported");
        }
      }
      if (at >= tag.size()) return Bad("a text has no end");
      ++at;
    } else {
      token.type = Token::Type::kSign;
      token.text = c;
      for (const std::string_view two : kTwo) {
        if (tag.substr(at, 2) == two) token.text = two;
      }
      if (token.text == "**" ||
          std::string_view("()[]{}.,:|+-*/%~<>=!").find(c) == std::string_view::npos) {
        return Bad("the sign " + Quoted(token.text) + " is not supported");
      }
      at += token.text.size();
    }
    words.push_back(std::move(token));
    if (words.size() > kMostWords) return Bad("a tag is too long");
  }
  return words;
}

// --- what a template is made of ---

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
  Value value;
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

class ExprParser {
 public:
  explicit ExprParser(std::vector<Token> words) : words_(std::move(words)) {}

  Result<ExprPtr> All() {
    ASSIGN_OR_RETURN(ExprPtr expr, Ternary());
    if (!done()) return Bad("there is a word too much: " + Quoted(Peek().text));
    return expr;
  }
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
  Result<std::string> Name() {
    if (Peek().type != Token::Type::kName)
      return Bad("a name is missing before " + Quoted(Peek().text));
    return words_[at_++].text;
  }

  Result<ExprPtr> Ternary() {
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

  Result<ExprPtr> Or() {
    ASSIGN_OR_RETURN(ExprPtr left, And());
    while (TakeName("or")) {
      ASSIGN_OR_RETURN(ExprPtr right, And());
      left = Pair(Expr::Op::kOr, "or", std::move(left), std::move(right));
    }
    return left;
  }

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

  Result<ExprPtr> And() {
    ASSIGN_OR_RETURN(ExprPtr left, Not());
    while (TakeName("and")) {
      ASSIGN_OR_RETURN(ExprPtr right, Not());
      left = Pair(Expr::Op::kAnd, "and", std::move(left), std::move(right));
    }
    return left;
  }

  Result<ExprPtr> Not() {
    if (!TakeName("not")) return Compare();
    if (++depth_ > kDeepest) return Bad("it is nested too deep");
    ASSIGN_OR_RETURN(ExprPtr inner, Not());
    --depth_;
    ExprPtr expr = Make(Expr::Op::kNot);
    expr->kids.push_back(std::move(inner));
    return expr;
  }

  Result<ExprPtr> Compare() {
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

  Result<ExprPtr> Sum() {
    ASSIGN_OR_RETURN(ExprPtr left, Product());
    while (IsSign("+") || IsSign("-") || IsSign("~")) {
      const std::string sign = words_[at_++].text;
      ASSIGN_OR_RETURN(ExprPtr right, Product());
      left = Pair(Expr::Op::kBinary, sign, std::move(left), std::move(right));
    }
    return left;
  }

  Result<ExprPtr> Product() {
    ASSIGN_OR_RETURN(ExprPtr left, Unary());
    while (IsSign("*") || IsSign("//") || IsSign("%")) {
      const std::string sign = words_[at_++].text;
      ASSIGN_OR_RETURN(ExprPtr right, Unary());
      left = Pair(Expr::Op::kBinary, sign, std::move(left), std::move(right));
    }
    return left;
  }

  Result<ExprPtr> Unary() {
    if (!TakeSign("-")) return Tested();
    if (++depth_ > kDeepest) return Bad("it is nested too deep");
    ASSIGN_OR_RETURN(ExprPtr inner, Unary());
    --depth_;
    ExprPtr expr = Make(Expr::Op::kNegative);
    expr->kids.push_back(std::move(inner));
    return expr;
  }

  // Members, calls, filters, then tests.
  Result<ExprPtr> Tested() {
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

  Result<ExprPtr> Subscript(ExprPtr of) {
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

  Status Arguments(Expr* call) {
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

  Result<ExprPtr> Primary() {
    const Token token = Peek();
    if (token.type == Token::Type::kEnd) return Bad("an expression has no end");
    ++at_;
    ExprPtr expr = Make(Expr::Op::kLiteral);
    switch (token.type) {
      case Token::Type::kInteger:
        expr->value = Value::Of(token.integer);
        return expr;
      case Token::Type::kText:
        expr->value = Value::Of(token.text);
        return expr;
      case Token::Type::kName:
        if (token.text == "true" || token.text == "True") {
          expr->value = Value::Of(true);
        } else if (token.text == "false" || token.text == "False") {
          expr->value = Value::Of(false);
        } else if (token.text == "none" || token.text == "None") {
          expr->value = Value::None();
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

  std::vector<Token> words_;
  size_t at_ = 0;
  int depth_ = 0;
};

// --- tags ---

struct Piece {
  enum class Type { kText, kPrint, kTag };
  Type type = Type::kText;
  std::string text;
};

// Cuts a template at its tags, with white space as Hugging Face's renderer treats it: a tag takes
// the line break after it and the blanks before it on its line.
Result<std::vector<Piece>> CutIntoPieces(std::string_view text) {
  if (text.size() > kLongestTemplate) return Bad("it is too long");
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::vector<Piece> pieces;
  bool strip_next = false, break_next = false;
  for (size_t at = 0; at < text.size();) {
    size_t open = at;
    while (open < text.size() &&
           !(text[open] == '{' && open + 1 < text.size() &&
             (text[open + 1] == '{' || text[open + 1] == '%' || text[open + 1] == '#'))) {
      ++open;
    }
    std::string plain(text.substr(at, open - at));
    if (strip_next) {
      plain.erase(0, std::min(plain.find_first_not_of(" \t\r\n"), plain.size()));
    } else if (break_next && plain.starts_with('\n')) {
      plain.erase(0, 1);
    } else if (break_next && plain.starts_with("\r\n")) {
      plain.erase(0, 2);
    }
    const bool at_line_start = at == 0 || break_next || strip_next;
    strip_next = break_next = false;
    if (open >= text.size()) {
      if (!plain.empty()) pieces.push_back({Piece::Type::kText, plain});
      break;
    }
    const char kind = text[open + 1];
    const std::string_view close = kind == '{' ? "}}" : kind == '%' ? "%}" : "#}";
    // The end is not looked for inside quotes.
    size_t end = open + 2;
    char quote = 0;
    for (; end + 1 < text.size(); ++end) {
      if (quote != 0) {
        if (text[end] == '\\') {
          ++end;
        } else if (text[end] == quote) {
          quote = 0;
        }
      } else if (kind != '#' && (text[end] == '\'' || text[end] == '"')) {
        quote = text[end];
      } else if (text.substr(end, 2) == close) {
        break;
      }
    }
    if (end + 1 >= text.size()) return Bad("a tag has no end");
    std::string_view inside = text.substr(open + 2, end - open - 2);
    const bool strip_before = inside.starts_with('-');
    const bool keep_before = inside.starts_with('+');
    if (strip_before || keep_before) inside.remove_prefix(1);
    if (inside.ends_with('-')) {
      strip_next = true;
      inside.remove_suffix(1);
    } else if (inside.ends_with('+')) {
      inside.remove_suffix(1);
    } else {
      break_next = kind != '{';
    }
    if (strip_before) {
      plain.resize(plain.find_last_not_of(" \t\r\n") + 1);
    } else if (kind != '{' && !keep_before) {
      const size_t last = plain.find_last_not_of(" \t");
      if (last == std::string::npos ? at_line_start : plain[last] == '\n') plain.resize(last + 1);
    }
    if (!plain.empty()) pieces.push_back({Piece::Type::kText, plain});
    if (kind != '#') {
      pieces.push_back(
          {kind == '{' ? Piece::Type::kPrint : Piece::Type::kTag, std::string(inside)});
    }
    at = end + 2;
  }
  return pieces;
}

class TemplateParser {
 public:
  explicit TemplateParser(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}

  Result<std::vector<Node>> All() {
    ASSIGN_OR_RETURN(auto nodes, Body({}));
    if (at_ < pieces_.size()) return Bad("the tag " + Quoted(ending_) + " belongs to nothing");
    return nodes;
  }

 private:
  // Up to a tag of `ends`, whose words are then in parser_.
  Result<std::vector<Node>> Body(const std::vector<std::string_view>& ends) {
    if (++depth_ > kDeepest) return Bad("it is nested too deep");
    std::vector<Node> nodes;
    while (at_ < pieces_.size()) {
      const Piece& piece = pieces_[at_];
      Node node;
      if (piece.type == Piece::Type::kText) {
        node.text = piece.text;
        ++at_;
        nodes.push_back(std::move(node));
        continue;
      }
      ASSIGN_OR_RETURN(auto words, Words(piece.text));
      if (piece.type == Piece::Type::kPrint) {
        node.type = Node::Type::kPrint;
        ASSIGN_OR_RETURN(node.value, ExprParser(std::move(words)).All());
        ++at_;
        nodes.push_back(std::move(node));
        continue;
      }
      if (words.empty() || words[0].type != Token::Type::kName) return Bad("a tag has no name");
      ending_ = words[0].text;
      if (std::find(ends.begin(), ends.end(), ending_) != ends.end() ||
          ending_.starts_with("end") || ending_ == "else" || ending_ == "elif") {
        if (std::find(ends.begin(), ends.end(), ending_) == ends.end()) {
          return Bad("the tag " + Quoted(ending_) + " belongs to nothing");
        }
        words.erase(words.begin());
        tail_ = std::move(words);
        ++at_;
        --depth_;
        return nodes;
      }
      words.erase(words.begin());
      ++at_;
      RETURN_IF_ERROR(Tag(ending_, std::move(words), &nodes));
    }
    if (!ends.empty()) return Bad("the tag " + Quoted(ends.back()) + " is missing");
    --depth_;
    return nodes;
  }

  Status Tag(const std::string& name, std::vector<Token> words, std::vector<Node>* nodes) {
    Node node;
    if (name == "if") {
      node.type = Node::Type::kIf;
      std::vector<Token> condition = std::move(words);
      bool otherwise = false;
      while (true) {
        Node::Branch branch;
        if (!otherwise) {
          ASSIGN_OR_RETURN(branch.condition, ExprParser(std::move(condition)).All());
          ASSIGN_OR_RETURN(branch.body, Body({"elif", "else", "endif"}));
        } else {
          ASSIGN_OR_RETURN(branch.body, Body({"endif"}));
        }
        node.branches.push_back(std::move(branch));
        if (ending_ == "endif") break;
        otherwise = ending_ == "else";
        condition = std::move(tail_);
      }
    } else if (name == "for") {
      node.type = Node::Type::kFor;
      ExprParser parser(std::move(words));
      do {
        ASSIGN_OR_RETURN(std::string variable, parser.Name());
        node.names.push_back(std::move(variable));
      } while (parser.TakeSign(","));
      if (!parser.TakeName("in")) return Bad("a loop has no \"in\"");
      ASSIGN_OR_RETURN(node.value, parser.Or());
      if (parser.TakeName("if")) {
        ASSIGN_OR_RETURN(node.filter, parser.Or());
      }
      if (!parser.done()) return Bad("a loop's tag has a word too much");
      ASSIGN_OR_RETURN(node.body, Body({"else", "endfor"}));
      if (ending_ == "else") {
        Node::Branch branch;
        ASSIGN_OR_RETURN(branch.body, Body({"endfor"}));
        node.branches.push_back(std::move(branch));
      }
    } else if (name == "set") {
      ExprParser parser(std::move(words));
      ASSIGN_OR_RETURN(node.text, parser.Name());
      if (parser.TakeSign(".")) {
        ASSIGN_OR_RETURN(node.member, parser.Name());
      }
      if (parser.TakeSign("=")) {
        node.type = Node::Type::kSet;
        ASSIGN_OR_RETURN(node.value, parser.All());
      } else if (parser.done()) {
        node.type = Node::Type::kSetBlock;
        ASSIGN_OR_RETURN(node.body, Body({"endset"}));
      } else {
        return Bad("\"set\" has no \"=\"");
      }
    } else if (name == "break" || name == "continue") {
      node.type = name == "break" ? Node::Type::kBreak : Node::Type::kContinue;
    } else if (name == "generation") {
      // Marks what is learned; renders as what is in it.
      ASSIGN_OR_RETURN(auto body, Body({"endgeneration"}));
      for (Node& inner : body) nodes->push_back(std::move(inner));
      return {};
    } else {
      return Bad("the tag " + Quoted(name) + " is not supported");
    }
    nodes->push_back(std::move(node));
    return {};
  }

  std::vector<Piece> pieces_;
  size_t at_ = 0;
  int depth_ = 0;
  std::string ending_;
  std::vector<Token> tail_;
};

// --- running it ---

std::string Strip(const std::string& text, const std::string& set, bool left, bool right) {
  size_t begin = 0, end = text.size();
  const auto in_set = [&](char c) { return set.find(c) != std::string::npos; };
  while (left && begin < end && in_set(text[begin])) ++begin;
  while (right && end > begin && in_set(text[end - 1])) --end;
  return text.substr(begin, end - begin);
}
constexpr const char* kBlanks = " \t\n\r\v\f";

std::string ReplaceAll(const std::string& text, const std::string& from, const std::string& to) {
  if (from.empty()) return text;
  std::string out;
  size_t at = 0;
  for (size_t found; (found = text.find(from, at)) != std::string::npos; at = found + from.size()) {
    out += text.substr(at, found - at) + to;
    if (out.size() > kLongestText) break;
  }
  return out + text.substr(at);
}

class Runner {
 public:
  explicit Runner(const Value::Map& variables) { scopes_.push_back(variables); }

  Result<std::string> Run(const std::vector<Node>& nodes) {
    RETURN_IF_ERROR(Body(nodes));
    return std::move(out_);
  }

 private:
  enum class Flow { kOn, kBreak, kContinue };

  Status Step() {
    if (++steps_ > kMostSteps) return Bad("it takes too long");
    return {};
  }

  Status Print(const Value& value) {
    if (value.kind == Kind::kUndefined) return {};
    ASSIGN_OR_RETURN(const std::string text, TextOf(value));
    out_ += text;
    return out_.size() > kLongestText ? Status(Bad("it writes too much")) : Status();
  }

  static Result<std::string> TextOf(const Value& value) {
    switch (value.kind) {
      case Kind::kText:
        return value.text;
      case Kind::kInteger:
        return std::to_string(value.integer);
      case Kind::kBool:
        return std::string(value.flag ? "True" : "False");
      case Kind::kNone:
        return std::string("None");
      case Kind::kUndefined:
        return std::string();
      default:
        return Bad("a list or map is written as text");
    }
  }

  Status Body(const std::vector<Node>& nodes) {
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

  Status Set(const Node& node, Value value) {
    if (node.member.empty()) {
      scopes_.back()[node.text] = std::move(value);
      return {};
    }
    Value* target = Find(node.text);
    if (target == nullptr || target->kind != Kind::kMap) return Bad(node.text + " is no namespace");
    (*target->map)[node.member] = std::move(value);
    return {};
  }

  Value* Find(std::string_view name) {
    for (size_t i = scopes_.size(); i-- > 0;) {
      const auto found = scopes_[i].find(name);
      if (found != scopes_[i].end()) return &found->second;
    }
    return nullptr;
  }

  static Result<Value::List> ItemsOf(const Value& value) {
    if (value.kind == Kind::kList) return *value.list;
    Value::List items;
    if (value.kind == Kind::kMap) {
      for (const auto& [key, item] : *value.map) items.push_back(Value::Of(key));
      return items;
    }
    if (value.kind == Kind::kUndefined || value.kind == Kind::kNone) {
      return Bad("something undefined is gone through");
    }
    return Bad("what is no list is gone through");
  }

  Status Bind(const Node& node, const Value& item) {
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

  Status Loop(const Node& node) {
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

  static bool Equal(const Value& a, const Value& b) {
    if (a.kind != b.kind) return false;
    switch (a.kind) {
      case Kind::kBool:
        return a.flag == b.flag;
      case Kind::kInteger:
        return a.integer == b.integer;
      case Kind::kText:
        return a.text == b.text;
      case Kind::kList:
        return std::equal(a.list->begin(), a.list->end(), b.list->begin(), b.list->end(), Equal);
      case Kind::kMap:
        return a.map == b.map ||
               std::equal(a.map->begin(), a.map->end(), b.map->begin(), b.map->end(),
                          [](const auto& x, const auto& y) {
                            return x.first == y.first && Equal(x.second, y.second);
                          });
      default:
        return true;
    }
  }

  Result<Value> Eval(const Expr& expr) {
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

  // The arguments after the first kid.
  Result<Value::List> Rest(const Expr& expr) {
    Value::List values;
    for (size_t i = 1; i < expr.kids.size(); ++i) {
      ASSIGN_OR_RETURN(Value value, Eval(*expr.kids[i]));
      values.push_back(std::move(value));
    }
    return values;
  }

  static Result<Value> Member(const Value& of, const std::string& name) {
    if (of.kind == Kind::kUndefined) return Bad("." + name + " of something undefined");
    if (of.kind != Kind::kMap) return Value();
    const auto found = of.map->find(name);
    return found == of.map->end() ? Value() : found->second;
  }

  Result<Value> Index(const Expr& expr) {
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

  Result<Value> Slice(const Expr& expr) {
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
      if (parts[0] || parts[1] || of.kind == Kind::kText)
        return Bad("a slice backwards has bounds");
      return Value::Of(Value::List(of.list->rbegin(), of.list->rend()));
    }
    const auto bound = [&](std::optional<int64_t> part, int64_t fallback) {
      int64_t at = part.value_or(fallback);
      if (at < 0) at += count;
      return std::clamp<int64_t>(at, 0, count);
    };
    const int64_t begin = bound(parts[0], 0), end = std::max(begin, bound(parts[1], count));
    if (of.kind == Kind::kText) {
      return Value::Of(
          of.text.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
    }
    return Value::Of(Value::List(of.list->begin() + begin, of.list->begin() + end));
  }

  Result<Value> Binary(const Expr& expr) {
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

  static Result<Value> Joined(const std::string& a, const std::string& b) {
    if (a.size() + b.size() > kLongestText) return Bad("a text grows too long");
    return Value::Of(a + b);
  }

  static Result<bool> Test(const std::string& name, const Value& of, const Value::List& more) {
    const Kind kind = of.kind;
    if (name == "defined") return kind != Kind::kUndefined;
    if (name == "undefined") return kind == Kind::kUndefined;
    if (name == "none") return kind == Kind::kNone;
    if (name == "string") return kind == Kind::kText;
    if (name == "number" || name == "integer") return kind == Kind::kInteger;
    if (name == "boolean") return kind == Kind::kBool;
    if (name == "true") return kind == Kind::kBool && of.flag;
    if (name == "false") return kind == Kind::kBool && !of.flag;
    if (name == "mapping") return kind == Kind::kMap;
    if (name == "iterable" || name == "sequence") {
      return kind == Kind::kText || kind == Kind::kList || kind == Kind::kMap;
    }
    if ((name == "odd" || name == "even") && kind == Kind::kInteger) {
      return (of.integer % 2 != 0) == (name == "odd");
    }
    if ((name == "equalto" || name == "eq") && more.size() == 1) return Equal(of, more[0]);
    if (name == "in" && more.size() == 1 && more[0].kind == Kind::kList) {
      return std::any_of(more[0].list->begin(), more[0].list->end(),
                         [&](const Value& item) { return Equal(item, of); });
    }
    return Bad("the test " + Quoted(name) + " is not supported");
  }

  Result<Value> Call(const Expr& expr) {
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

  static Result<Value> Method(const Value& of, const std::string& name,
                              const Value::List& arguments) {
    const auto unsupported = [&] {
      return Bad("the method " + Quoted(name) + " is not supported");
    };
    for (const Value& argument : arguments) {
      const bool fits = argument.kind == Kind::kText || name == "get" ||
                        (name == "split" && argument.kind == Kind::kInteger);
      if (!fits) return Bad("the method " + Quoted(name) + " is given what it cannot use");
    }
    const size_t count = arguments.size();
    if (of.kind == Kind::kText) {
      const std::string set = count > 0 ? arguments[0].text : kBlanks;
      if (name == "strip" && count <= 1) return Value::Of(Strip(of.text, set, true, true));
      if (name == "lstrip" && count <= 1) return Value::Of(Strip(of.text, set, true, false));
      if (name == "rstrip" && count <= 1) return Value::Of(Strip(of.text, set, false, true));
      if (name == "startswith" && count == 1) return Value::Of(of.text.starts_with(set));
      if (name == "endswith" && count == 1) return Value::Of(of.text.ends_with(set));
      if (name == "upper" && count == 0) return Value::Of(Cased(of.text, true));
      if (name == "lower" && count == 0) return Value::Of(Cased(of.text, false));
      if (name == "replace" && count == 2) {
        return Value::Of(ReplaceAll(of.text, set, arguments[1].text));
      }
      if (name == "split" && count == 1 && !set.empty()) {
        Value::List parts;
        size_t at = 0;
        for (size_t found; (found = of.text.find(set, at)) != std::string::npos;
             at = found + set.size()) {
          parts.push_back(Value::Of(of.text.substr(at, found - at)));
        }
        parts.push_back(Value::Of(of.text.substr(at)));
        return Value::Of(std::move(parts));
      }
      return unsupported();
    }
    if (of.kind == Kind::kMap) {
      if (name == "get" && count >= 1 && count <= 2 && arguments[0].kind == Kind::kText) {
        const auto found = of.map->find(arguments[0].text);
        if (found != of.map->end()) return found->second;
        return count == 2 ? arguments[1] : Value::None();
      }
      if (name == "items" && count == 0) return Items(of);
      if (name == "keys" && count == 0) {
        ASSIGN_OR_RETURN(Value::List keys, ItemsOf(of));
        return Value::Of(std::move(keys));
      }
      return unsupported();
    }
    if (of.kind == Kind::kUndefined) return Bad("." + name + " of something undefined");
    return unsupported();
  }

  static Value Items(const Value& of) {
    Value::List items;
    for (const auto& [key, item] : *of.map) {
      items.push_back(Value::Of(Value::List{Value::Of(key), item}));
    }
    return Value::Of(std::move(items));
  }

  static std::string Cased(std::string text, bool upper) {
    for (char& c : text) {
      c = static_cast<char>(upper ? std::toupper(static_cast<unsigned char>(c))
                                  : std::tolower(static_cast<unsigned char>(c)));
    }
    return text;
  }

  Result<Value> Filter(const Expr& expr) {
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
      if (name == "length" || name == "count")
        return Value::Of(static_cast<int64_t>(of.map->size()));
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

  std::vector<Value::Map> scopes_;
  std::string out_;
  Flow flow_ = Flow::kOn;
  int64_t steps_ = 0;
};

}  // namespace

JinjaValue JinjaValue::None() {
  JinjaValue value;
  value.kind = Kind::kNone;
  return value;
}
JinjaValue JinjaValue::Of(bool flag) {
  JinjaValue value;
  value.kind = Kind::kBool;
  value.flag = flag;
  return value;
}
JinjaValue JinjaValue::Of(int64_t integer) {
  JinjaValue value;
  value.kind = Kind::kInteger;
  value.integer = integer;
  return value;
}
JinjaValue JinjaValue::Of(std::string text) {
  JinjaValue value;
  value.kind = Kind::kText;
  value.text = std::move(text);
  return value;
}
JinjaValue JinjaValue::Of(List values) {
  JinjaValue value;
  value.kind = Kind::kList;
  value.list = std::make_shared<List>(std::move(values));
  return value;
}
JinjaValue JinjaValue::Of(Map values) {
  JinjaValue value;
  value.kind = Kind::kMap;
  value.map = std::make_shared<Map>(std::move(values));
  return value;
}

bool JinjaValue::IsTrue() const {
  switch (kind) {
    case Kind::kBool:
      return flag;
    case Kind::kInteger:
      return integer != 0;
    case Kind::kText:
      return !text.empty();
    case Kind::kList:
      return !list->empty();
    case Kind::kMap:
      return !map->empty();
    default:
      return false;
  }
}

struct JinjaTemplate::Program {
  std::vector<Node> nodes;
};

JinjaTemplate::JinjaTemplate(std::unique_ptr<Program> program) : program_(std::move(program)) {}
JinjaTemplate::JinjaTemplate(JinjaTemplate&&) noexcept = default;
JinjaTemplate& JinjaTemplate::operator=(JinjaTemplate&&) noexcept = default;
JinjaTemplate::~JinjaTemplate() = default;

Result<JinjaTemplate> JinjaTemplate::Parse(std::string_view text) {
  ASSIGN_OR_RETURN(auto pieces, CutIntoPieces(text));
  auto program = std::make_unique<Program>();
  ASSIGN_OR_RETURN(program->nodes, TemplateParser(std::move(pieces)).All());
  return JinjaTemplate(std::move(program));
}

Result<std::string> JinjaTemplate::Render(const JinjaValue::Map& variables) const {
  return Runner(variables).Run(program_->nodes);
}

}  // namespace idiolect
