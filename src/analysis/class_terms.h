#pragma once
// Terms that mark one class of dialogs among several: class-based TF-IDF, as in BERTopic
// (Grootendorst 2022, equation 2): W(t, c) = tf(t, c) · log(1 + A / f(t)), where tf is the term's
// share of the class, f(t) its count in all classes and A the mean number of terms in a class.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace idiolect {

// How often each term was met in each class. Terms and classes are numbers from 0.
class ClassTerms {
 public:
  void Add(size_t clazz, uint32_t term, uint32_t times = 1);

  struct Scored {
    uint32_t term = 0;
    double weight = 0;
    uint32_t times = 0;  // in the class
    double lift = 0;     // its share in the class by its share in all classes
  };
  // The class's terms met at least `least` times, heaviest first; equal weights by term.
  std::vector<Scored> Heaviest(size_t clazz, uint32_t least) const;

 private:
  std::vector<std::vector<uint32_t>> counts_;  // by class, then term
};

}  // namespace idiolect
