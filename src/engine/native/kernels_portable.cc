#include "engine/native/kernels.h"

#define KERNELS_NAME portable
#include "engine/native/kernels.inc"
