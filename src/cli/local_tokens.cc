#include "cli/local_tokens.h"

#include "dataset/reader.h"
#include "engine/files/chat_template.h"
#include "engine/files/gguf.h"
#include "engine/files/tokenizer.h"

namespace idiolect {

Result<LocalTokens> CountLocalTokens(const std::filesystem::path& training_file,
                                     const std::filesystem::path& gguf) {
  ASSIGN_OR_RETURN(const auto samples, ReadSamples(training_file));
  ASSIGN_OR_RETURN(const GgufFile file, GgufFile::Open(gguf));
  ASSIGN_OR_RETURN(const Tokenizer tokenizer, Tokenizer::FromGguf(file));
  ASSIGN_OR_RETURN(const ChatTemplate chat, ChatTemplate::FromGguf(file, tokenizer));
  LocalTokens local;
  for (const TrainingSample& sample : samples) {
    ASSIGN_OR_RETURN(const RenderedChat rendered, chat.RenderForTraining(tokenizer, sample));
    local.tokens += static_cast<int64_t>(rendered.tokens.size());
    for (const uint8_t target : rendered.is_target) local.learned += target;
  }
  return local;
}

}  // namespace idiolect
