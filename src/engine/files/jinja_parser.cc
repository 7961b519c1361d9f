#include "engine/files/jinja_parser.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/files/jinja_expression.h"
#include "engine/files/jinja_lexer.h"
#include "engine/files/quoted.h"

namespace idiolect::jinja {
namespace {

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

}  // namespace

Result<std::vector<Node>> ParseTemplate(std::string_view text) {
  ASSIGN_OR_RETURN(auto pieces, CutIntoPieces(text));
  return TemplateParser(std::move(pieces)).All();
}

}  // namespace idiolect::jinja
