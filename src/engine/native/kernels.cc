#include "engine/native/kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace idiolect::native {

namespace portable {
const Kernels& Table(const char* name, bool multiplies_bf16);
}
namespace avx2 {
const Kernels& Table(const char* name, bool multiplies_bf16);
}
namespace avx512 {
const Kernels& Table(const char* name, bool multiplies_bf16);
}

const Kernels& PortableKernels() {
  return portable::Table("portable", false);
}

#if defined(__x86_64__)
namespace {
bool HasAvx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni");
}
// Clang 14's builtin does not know F16C by name.
bool HasHalfConversion() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
bool HasAvx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && HasHalfConversion();
}
}  // namespace
#endif

const Kernels& ChooseKernels() {
  return *UsableKernels().back();
}

std::vector<const Kernels*> UsableKernels() {
  std::vector<const Kernels*> sets = {&PortableKernels()};
#if defined(__x86_64__)
  if (HasAvx2()) sets.push_back(&avx2::Table("avx2", false));
  if (HasAvx512()) sets.push_back(&avx512::Table("avx512-bf16", true));
#endif
  return sets;
}

const char* DescribeProcessor() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16")) return "AVX-512 with BF16";
  if (__builtin_cpu_supports("avx512f")) return "AVX-512";
  if (__builtin_cpu_supports("avx2")) return "AVX2";
  return "x86-64";
#else
  return "portable";
#endif
}

}  // namespace idiolect::native
