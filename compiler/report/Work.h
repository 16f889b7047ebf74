// What a kernel computes and moves, counted.
#pragma once
#include "compiler/report/Indices.h"
#include "dialects/par/ParOps.h"

namespace texpr::report {

/// A tensor that a kernel reads or writes in memory.
struct Traffic {
  std::string name;
  Formula bytes;
};

struct Work {
  Formula flops; // additions, products, minima, … of floats: 1 each, an fma 2
  std::map<std::string, Formula> calls; // "exp" → how often
  Formula integers, checks;             // integer arithmetic on data; tests of data facts
  std::vector<Traffic> reads, writes;   // distinct elements, each once
};

/// Where a source line stands.
struct Place {
  unsigned line = 0, column = 0;
  std::string file = {};
  bool operator<(const Place &o) const {
    return std::tie(line, column, file) < std::tie(o.line, o.column, o.file);
  }
  bool operator==(const Place &o) const = default;
};
Place placeOf(mlir::Operation *op);

/// Counts a kernel as lower-to-par left it. `rings`: producers that make each row once, though a window of rows is read.
Work workOf(par::KernelOp kernel, Indices &indices, const std::set<Place> &rings);

} // namespace texpr::report
