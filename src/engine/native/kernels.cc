#include "engine/native/kernels.h"

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

const Kernels& ChooseKernels() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bf16")) {
    return avx512::Table("avx512-bf16", true);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return avx2::Table("avx2", false);
  }
#endif
  return PortableKernels();
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
