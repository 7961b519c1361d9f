#include "cli/local_tokens.h"

#include "dataset/reader.h"
#include "engine/files/model_file.h"

namespace idiolect {

Result<LocalTokens> CountLocalTokens(const std::filesystem::path& training_file,
                                     const std::filesystem::path& model) {
  ASSIGN_OR_RETURN(const auto samples, ReadSamples(training_file));
  ASSIGN_OR_RETURN(const ModelFile file, ModelFile::Open(model));
  ASSIGN_OR_RETURN(const Tokenizer tokenizer, file.ReadTokenizer());
  ASSIGN_OR_RETURN(const ChatTemplate chat, file.ReadChatTemplate(tokenizer));
  LocalTokens local;
  for (const TrainingSample& sample : samples) {
    ASSIGN_OR_RETURN(const RenderedChat rendered, chat.RenderForTraining(tokenizer, sample));
    local.tokens += static_cast<int64_t>(rendered.tokens.size());
    for (const uint8_t target : rendered.is_target) local.learned += target;
  }
  return local;
}

}  // namespace idiolect
