#include "engine/native/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define KERNELS_NAME avx2
#include "engine/native/kernels.inc"
#endif
