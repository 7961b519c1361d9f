#include "serve/tokens_api.h"

#include "base/text.h"
#include "serve/generation.h"

namespace idiolect {
namespace {

constexpr size_t kMostIds = 1'000'000;

struct TokenizeCall {
  GenerationCall base;
  std::string content;
  TokenizeOptions options;
  bool with_pieces = false;
};

struct DetokenizeCall {
  GenerationCall base;
  std::vector<int32_t> tokens;
};

ApiResult<TokenizeCall> ReadTokenize(Service& service, const std::string& body) {
  API_ASSIGN(const Json json, ParseObject(body));
  Fields fields(json);
  TokenizeCall call;
  fields.Require("model");
  fields.Require("content");
  const std::string model = fields.Text("model").value_or("");
  call.content = fields.Text("content").value_or("");
  if (fields.Flag("add_special").value_or(false)) call.options.begin = TextBegin::kAsModelWants;
  if (!fields.Flag("parse_special").value_or(true)) call.options.controls = ControlText::kAsText;
  call.with_pieces = fields.Flag("with_pieces").value_or(false);
  API_RETURN_IF_ERROR(fields.Done());
  API_RETURN_IF_ERROR(ChooseServedModel(service, model, &call.base));
  return call;
}

ApiResult<DetokenizeCall> ReadDetokenize(Service& service, const std::string& body) {
  API_ASSIGN(const Json json, ParseObject(body));
  Fields fields(json);
  DetokenizeCall call;
  fields.Require("model");
  fields.Require("tokens");
  const std::string model = fields.Text("model").value_or("");
  if (const Json* tokens = fields.ArrayOrNull("tokens")) {
    for (const Json& token : *tokens) {
      if (call.tokens.size() == kMostIds || !token.is_number_integer() || token < 0 ||
          token > INT32_MAX) {
        fields.Fault(Refuse(400, "Invalid 'tokens': expected an array of token ids.", "tokens",
                            "invalid_value")
                         .value());
        break;
      }
      call.tokens.push_back(token.get<int32_t>());
    }
  }
  API_RETURN_IF_ERROR(fields.Done());
  API_RETURN_IF_ERROR(ChooseServedModel(service, model, &call.base));
  return call;
}

// A piece that is no whole text is given as its bytes.
Json PieceJson(const std::string& bytes) {
  if (RepairUtf8(bytes) == bytes) return bytes;
  Json list = Json::array();
  for (const char c : bytes) list.push_back(static_cast<unsigned char>(c));
  return list;
}

ApiResult<Json> TokensOf(Service& service, const TokenizeCall& call) {
  ASSIGN_OR_REFUSE(const auto model, service.models->Open(call.base.model.spec));
  ASSIGN_OR_REFUSE(const auto pieces, model->Tokenize(call.content, call.options));
  Json tokens = Json::array();
  for (const TokenPiece& piece : pieces) {
    if (call.with_pieces) {
      tokens.push_back({{"id", piece.id}, {"piece", PieceJson(piece.bytes)}});
    } else {
      tokens.push_back(piece.id);
    }
  }
  return Json{{"tokens", std::move(tokens)}};
}

ApiResult<Json> TextOf(Service& service, const DetokenizeCall& call) {
  ASSIGN_OR_REFUSE(const auto model, service.models->Open(call.base.model.spec));
  ASSIGN_OR_REFUSE(const std::string text, model->Detokenize(call.tokens));
  return Json{{"content", RepairUtf8(text)}};
}

// A model may have to be loaded first, so it is done where answers are made.
template <typename Call>
void AnswerLater(Service& service, const std::shared_ptr<HttpExchange>& exchange,
                 ApiResult<Call> call, ApiResult<Json> (*answer)(Service&, const Call&)) {
  if (!call) return exchange->Send(ErrorResponse(call.error()));
  Enqueue(service, exchange, [&service, exchange, answer, call = *std::move(call)] {
    const auto json = answer(service, call);
    exchange->Send(json ? JsonResponse(*json) : ErrorResponse(json.error()));
  });
}

}  // namespace

void Tokenize(Service& service, const std::shared_ptr<HttpExchange>& exchange) {
  AnswerLater(service, exchange, ReadTokenize(service, exchange->request().body), TokensOf);
}

void Detokenize(Service& service, const std::shared_ptr<HttpExchange>& exchange) {
  AnswerLater(service, exchange, ReadDetokenize(service, exchange->request().body), TextOf);
}

}  // namespace idiolect
