#include "dialogs/address.h"
#include "dialogs/line_names.h"

namespace idiolect {
namespace {

class PersonFinder : public NameFinder {
 public:
  explicit PersonFinder(const std::vector<std::string>& names) : index_(names) {}

  void Find(std::string_view text, const Present& present,
            std::vector<Naming>* namings) const override {
    std::vector<Addressed> found;
    index_.FindAddressed(text, &found);
    const size_t begin = namings->size();
    for (const Addressed& one : found) {
      const auto author = static_cast<uint32_t>(one.person);
      if (!present.Has(author)) continue;
      bool known = false;
      for (size_t i = begin; i < namings->size(); ++i) {
        Naming& naming = (*namings)[i];
        if (naming.author != author) continue;
        known = true;
        if (one.strength > naming.strength) naming.strength = one.strength;
      }
      if (!known) namings->push_back({author, one.strength});
    }
  }

 private:
  const NameIndex index_;
};

}  // namespace

std::unique_ptr<NameFinder> MakePersonFinder(const std::vector<std::string>& names) {
  return std::make_unique<PersonFinder>(names);
}

}  // namespace idiolect
