#pragma once
// README.md of a dataset: a card in the form the Hugging Face hub reads, and people too.

#include <string>

#include "dataset/build.h"

namespace idiolect {

std::string DatasetCard(const BuildSummary& summary, const std::string& name, Language language);

}  // namespace idiolect
