#pragma once
// A ChatModel over HTTP: POST /chat/completions with a stream of server-sent events, as `chat`,
// `finetune` and `evaluate` use hosted models and other people's servers.

#include <memory>
#include <string>

#include "core/chat_model.h"
#include "providers/api_call.h"

namespace idiolect {

// `caller` is borrowed. Sampling options that OpenAI's API does not have (min_p, top_k, typical_p,
// repetition_penalty) are not sent. A stream that breaks off after its first piece is an error, not
// a short answer.
std::unique_ptr<ChatModel> MakeHttpChatModel(ApiCaller& caller, std::string model);

}  // namespace idiolect
