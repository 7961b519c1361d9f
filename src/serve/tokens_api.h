#pragma once
// POST /tokenize and POST /detokenize: a text as a model's token ids and back, with the fields of
// llama.cpp's server. OpenAI has no such calls; who counts tokens for a local model needs them.

#include <memory>

#include "serve/service.h"

namespace idiolect {

void Tokenize(Service& service, const std::shared_ptr<HttpExchange>& exchange);
void Detokenize(Service& service, const std::shared_ptr<HttpExchange>& exchange);

}  // namespace idiolect
