#include "dialects/facts/System.h"
namespace texpr::facts {
void applyLemmas(System &, Effort &) {}
} // namespace texpr::facts
