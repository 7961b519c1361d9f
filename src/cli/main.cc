#include "cli/app.h"

int main(int argc, char** argv) {
  return idiolect::RunCommandLine(argc, argv);
}
