#include "apps/program.h"

int main(int argc, char** argv) { return apps::run_program(argc, argv); }
