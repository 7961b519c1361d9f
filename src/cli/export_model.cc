#include "cli/export_model.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>

#include "base/file.h"
#include "base/text.h"
#include "cli/stages.h"
#include "engine/files/model_export.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

enum class ExportForm { kGguf, kSafetensors, kGgufLora, kPeft };

struct FormRow {
  const char* name;
  ExportForm form;
  const char* default_type;
};
constexpr FormRow kForms[] = {{"gguf", ExportForm::kGguf, "q8_0"},
                              {"safetensors", ExportForm::kSafetensors, "bf16"},
                              {"gguf-lora", ExportForm::kGgufLora, "f32"},
                              {"peft", ExportForm::kPeft, "f32"}};

struct TypeRow {
  const char* name;
  GgmlType type;
};
constexpr TypeRow kTypes[] = {{"f32", GgmlType::kF32},
                              {"f16", GgmlType::kF16},
                              {"bf16", GgmlType::kBF16},
                              {"q8_0", GgmlType::kQ8_0},
                              {"q4_0", GgmlType::kQ4_0}};

struct Options {
  std::string model, form = "gguf", type, out;
};

template <typename Row, size_t N>
Result<const Row*> Choose(const Row (&rows)[N], const std::string& wanted, const char* option) {
  std::string known;
  for (const Row& row : rows) {
    if (wanted == row.name) return &row;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  return Fail(ErrorKind::kMisuse,
              std::string("exporting: there is no ") + option + " \"" + wanted + "\"",
              "known are " + known);
}

Status CheckTypeSuits(const FormRow& form, const TypeRow& type) {
  const bool packed = type.type == GgmlType::kQ8_0 || type.type == GgmlType::kQ4_0;
  const bool fits = form.form == ExportForm::kGguf ||
                    (form.form == ExportForm::kPeft ? type.type == GgmlType::kF32 : !packed);
  if (fits) return {};
  return Fail(ErrorKind::kMisuse,
              std::string("exporting: --as ") + form.name + " has no type " + type.name,
              form.form == ExportForm::kPeft ? "PEFT's folder is always f32: leave out --type"
                                             : "take f32, f16 or bf16, or --as gguf");
}

// Beside the trained model, named after form and type.
Result<fs::path> OutputPath(const LoadedModel& model, const Options& options, const FormRow& form,
                            const TypeRow& type) {
  if (!options.out.empty()) return fs::path(options.out);
  if (model.folder.empty()) {
    return Fail(ErrorKind::kMisuse, "exporting " + model.spec.name + ": where to is not said",
                "name it: --out PATH");
  }
  const fs::path folder = model.folder.parent_path();
  const std::string kind = type.name;
  switch (form.form) {
    case ExportForm::kGguf:
      return folder / ("model-" + kind + ".gguf");
    case ExportForm::kSafetensors:
      return folder / ("model-" + kind);
    case ExportForm::kGgufLora:
      return folder / ("adapter-" + kind + ".gguf");
    case ExportForm::kPeft:
      break;
  }
  return folder / "peft";
}

Status Run(Context& context, const Options& options) {
  ASSIGN_OR_RETURN(const FormRow* form, Choose(kForms, options.form, "form"));
  ASSIGN_OR_RETURN(
      const TypeRow* type,
      Choose(kTypes, options.type.empty() ? form->default_type : options.type, "type"));
  RETURN_IF_ERROR(CheckTypeSuits(*form, *type));
  ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
  ASSIGN_OR_RETURN(const LoadedModel model, ChooseModel(context, *workspace, options.model));
  ASSIGN_OR_RETURN(const fs::path out, OutputPath(model, options, *form, *type));
  const bool adapter_alone = form->form == ExportForm::kGgufLora || form->form == ExportForm::kPeft;
  if (adapter_alone && model.spec.adapter.empty()) {
    return Fail(ErrorKind::kMisuse,
                "exporting " + model.spec.name +
                    (model.folder.empty() ? ": a base model has no adapter to write"
                                          : ": all of its weights were trained, it has no adapter"),
                "take --as gguf or --as safetensors");
  }
  std::optional<LoraAdapter> adapter;
  if (!model.spec.adapter.empty()) {
    ASSIGN_OR_RETURN(adapter, ReadLoraAdapter(model.spec.adapter));
  }
  ASSIGN_OR_RETURN(const ModelFile base, ModelFile::Open(model.spec.base));
  ModelExport exporting;
  exporting.base = &base;
  exporting.adapter = adapter ? &*adapter : nullptr;
  exporting.type = type->type;
  exporting.name = model.spec.name;
  exporting.system = model.system_prompt;
  exporting.on_bytes = [&](int64_t bytes) {
    context.progress->Update(static_cast<uint64_t>(bytes));
    return !context.interrupt->Requested();
  };
  if (!adapter_alone) {
    context.progress->Start("export", static_cast<uint64_t>(CountExportBytes(exporting)), "bytes");
  }
  Status written;
  switch (form->form) {
    case ExportForm::kGguf:
      written = WriteMergedGguf(exporting, out);
      break;
    case ExportForm::kSafetensors:
      written = WriteMergedFolder(exporting, out);
      break;
    case ExportForm::kGgufLora:
      written = WriteGgufLora(exporting, out);
      break;
    case ExportForm::kPeft:
      written = WriteLoraAdapter(out, ByModulesOfFamily(base.config(), *adapter));
      break;
  }
  RETURN_IF_ERROR(std::move(written));
  if (!adapter_alone) context.progress->Finish();
  if (context.json()) {
    context.Print(nlohmann::ordered_json({{"model", model.spec.name},
                                          {"base", model.spec.base.string()},
                                          {"form", form->name},
                                          {"type", type->name},
                                          {"path", out.string()}})
                      .dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return {};
  }
  context.Print(out.string());
  if (form->form == ExportForm::kGguf) {
    fs::path modelfile = out;
    modelfile.replace_extension(".Modelfile");
    context.Note(std::string(context.Say({"for Ollama: ", "для Ollama: "})) +
                 "ollama create NAME -f " + modelfile.string());
  }
  return {};
}

}  // namespace

Status CheckModelFolder(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {};
  ASSIGN_OR_RETURN(const ModelFile model, ModelFile::Open(path));
  ASSIGN_OR_RETURN(const Tokenizer tokenizer, model.ReadTokenizer());
  ASSIGN_OR_RETURN(const ChatTemplate chat_template, model.ReadChatTemplate(tokenizer));
  return {};
}

CommandAction DeclareModelExport(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language,
            {"MODEL",
             {"a trained model's name, a job id, or a base model; default: the newest trained one",
              "имя обученной модели, id задачи или исходная модель; по умолчанию новейшая "
              "обученная"}},
            options->model);
  AddOption(app, language,
            {"--as",
             {"gguf (merged, for llama.cpp and Ollama), safetensors (merged, a folder), gguf-lora "
              "(for llama.cpp's --lora), peft; default: gguf",
              "gguf (слитая, для llama.cpp и Ollama), safetensors (слитая, папка), gguf-lora (для "
              "--lora в llama.cpp), peft; по умолчанию gguf"}},
            options->form);
  AddOption(
      app, language,
      {"--type",
       {"f32, f16, bf16, and for gguf q8_0, q4_0; default: q8_0 for gguf, bf16 for safetensors",
        "f32, f16, bf16, для gguf также q8_0, q4_0; по умолчанию q8_0 для gguf, bf16 для "
        "safetensors"}},
      options->type);
  AddOption(app, language,
            {"--out",
             {"file or folder to write; default: beside the trained model",
              "какой файл или папку записать; по умолчанию рядом с обученной моделью"}},
            options->out);
  return [options](Context& context) -> Status { return Run(context, *options); };
}

}  // namespace idiolect
