#pragma once
// POST /v1/chat/completions and POST /v1/completions.

#include <memory>

#include "serve/service.h"

namespace idiolect {

// Called on a thread that may block a little (it reads the model table); the answer is made on the
// answer threads.
void AnswerChat(Service& service, const std::shared_ptr<HttpExchange>& exchange);
void AnswerCompletion(Service& service, const std::shared_ptr<HttpExchange>& exchange);

}  // namespace idiolect
