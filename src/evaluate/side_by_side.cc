#include "evaluate/side_by_side.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::string> Ask(const ChatModel& model, const std::vector<ChatMessage>& prompt,
                        const GenerateOptions& options, const Interrupt& interrupt) {
  ASSIGN_OR_RETURN(auto session, model.NewSession());
  ASSIGN_OR_RETURN(auto answer,
                   session->Generate(
                       prompt, options, [](std::string_view) { return true; }, interrupt));
  if (answer.finish == FinishReason::kInterrupted) {
    return Fail(ErrorKind::kInterrupted, "answering the test questions was interrupted",
                "run the same command again");
  }
  return std::string(TrimSpace(answer.text));
}

std::string LastQuestion(const ComparedAnswer& answer) {
  return answer.prompt.empty() ? std::string() : answer.prompt.back().content;
}

std::string Indented(const std::string& text, const std::string& margin) {
  std::string out;
  for (std::string_view line : SplitLines(text)) out += margin + std::string(line) + "\n";
  return out.empty() ? margin + "\n" : out;
}

}  // namespace

Result<SideBySide> CompareOnSamples(const ChatModel& base, const ChatModel& tuned,
                                    const std::vector<TrainingSample>& samples, size_t count,
                                    const GenerateOptions& options, Progress& progress,
                                    const Interrupt& interrupt) {
  SideBySide comparison;
  comparison.base_model = base.Name();
  comparison.tuned_model = tuned.Name();
  std::vector<const TrainingSample*> usable;
  for (const TrainingSample& sample : samples) {
    if (sample.size() >= 2 && sample.back().role == "assistant") usable.push_back(&sample);
  }
  count = std::min(count, usable.size());
  progress.Start("asking both models", count * 2, "answers");
  for (size_t i = 0; i < count; ++i) {
    // The middle of each of `count` equal stretches: early and late conversations alike.
    const TrainingSample& sample = *usable[(2 * i + 1) * usable.size() / (2 * count)];
    ComparedAnswer answer;
    answer.prompt.assign(sample.begin(), sample.end() - 1);
    answer.real = sample.back().content;
    ASSIGN_OR_RETURN(answer.base, Ask(base, answer.prompt, options, interrupt));
    progress.Update(2 * i + 1);
    ASSIGN_OR_RETURN(answer.tuned, Ask(tuned, answer.prompt, options, interrupt));
    progress.Update(2 * i + 2);
    comparison.answers.push_back(std::move(answer));
  }
  progress.Finish();
  return comparison;
}

std::string SideBySideJson(const SideBySide& comparison) {
  Json out;
  out["persona"] = comparison.persona;
  out["base_model"] = comparison.base_model;
  out["tuned_model"] = comparison.tuned_model;
  out["answers"] = Json::array();
  for (const ComparedAnswer& answer : comparison.answers) {
    Json prompt = Json::array();
    for (const ChatMessage& message : answer.prompt) {
      prompt.push_back({{"role", message.role}, {"content", message.content}});
    }
    out["answers"].push_back({{"prompt", prompt},
                              {"real", answer.real},
                              {"tuned", answer.tuned},
                              {"base", answer.base}});
  }
  return Dump(out);
}

Result<SideBySide> ParseSideBySide(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto field = [](const Json& object, const char* name) {
    return object.is_object() && object.contains(name) && object[name].is_string()
               ? object[name].get<std::string>()
               : std::string();
  };
  if (!json.is_object() || !json.contains("answers") || !json["answers"].is_array()) {
    return Fail(ErrorKind::kBadInput, "the saved answers are damaged",
                "delete the file in results/ and run the command again");
  }
  SideBySide comparison;
  comparison.persona = field(json, "persona");
  comparison.base_model = field(json, "base_model");
  comparison.tuned_model = field(json, "tuned_model");
  for (const Json& row : json["answers"]) {
    ComparedAnswer answer;
    answer.real = field(row, "real");
    answer.tuned = field(row, "tuned");
    answer.base = field(row, "base");
    if (row.is_object() && row.contains("prompt") && row["prompt"].is_array()) {
      for (const Json& message : row["prompt"]) {
        answer.prompt.push_back({field(message, "role"), field(message, "content")});
      }
    }
    comparison.answers.push_back(std::move(answer));
  }
  return comparison;
}

std::string SideBySideMarkdown(const SideBySide& comparison, Language language) {
  std::string out =
      std::string("# ") + Say(language, {"Answers side by side: ", "Ответы рядом: "}) +
      comparison.persona + "\n\n" +
      Say(language, {"Questions from the test split: the model never saw them or what "
                     "came after.\n\n",
                     "Вопросы из тестовой части: модель не видела ни их, ни того, что "
                     "было после.\n\n"}) +
      Say(language, {"- base model: ", "- исходная модель: "}) + "`" + comparison.base_model +
      "`\n" + Say(language, {"- trained model: ", "- обученная модель: "}) + "`" +
      comparison.tuned_model + "`\n";
  for (size_t i = 0; i < comparison.answers.size(); ++i) {
    const ComparedAnswer& answer = comparison.answers[i];
    out += "\n## " + std::to_string(i + 1) + "\n\n" + Indented(LastQuestion(answer), "> ");
    const auto part = [&](Text title, const std::string& text) {
      out += std::string("\n**") + Say(language, title) + "**\n\n" + Indented(text, "    ");
    };
    part({"The person", "Человек"}, answer.real);
    part({"The trained model", "Обученная модель"}, answer.tuned);
    part({"The base model", "Исходная модель"}, answer.base);
  }
  return out;
}

std::string SideBySideText(const SideBySide& comparison, Language language) {
  std::string out;
  for (size_t i = 0; i < comparison.answers.size(); ++i) {
    const ComparedAnswer& answer = comparison.answers[i];
    out += "\n" + std::to_string(i + 1) + ". " + Say(language, {"Question", "Вопрос"}) + "\n" +
           Indented(LastQuestion(answer), "   │ ");
    const auto part = [&](const std::string& title, const std::string& text) {
      out += "   " + title + "\n" + Indented(text, "     ");
    };
    part(comparison.persona + Say(language, {", really:", ", на самом деле:"}), answer.real);
    part(Say(language, {"the trained model:", "обученная модель:"}), answer.tuned);
    part(Say(language, {"the base model:", "исходная модель:"}), answer.base);
  }
  return out;
}

}  // namespace idiolect
