// The generator's own header: what is in scope, and one function a kind of text.
#pragma once
#include "compiler/source/Type.h"
#include "tests/random/Generator.h"
#include <optional>
#include <vector>

namespace texpr::random {

/// An extent as text, with its structure: the patterns of safe indices depend on it.
struct Extent {
  enum class Kind { Name, PlusOne, PlusTwo, Twice, Product, Constant } kind = Kind::Name;
  std::string a, b; // names of dims
  int constant = 0;
  std::string text() const;
  bool operator==(const Extent &o) const { return text() == o.text(); }
};

/// An index name with 0 <= name < bound.
struct Index {
  std::string name;
  Extent bound;
};
struct Tensor {
  std::string name;
  ScalarKind kind;
  std::vector<Extent> shape;
  int bits; // significant bits that its values need: decides what may be summed exactly
  std::optional<Extent> range; // values are in 0..range
  bool isSwitch = false;       // values are in 0..=range: bounds of a range of positions
};
struct ScalarName {
  std::string name;
  ScalarKind kind;
  int bits;
};
/// An expression and an estimate of the significant bits of its values: small dyadic numbers stay
/// exact in sums.
struct Piece {
  std::string text;
  int bits = 0;
};
struct Helper {
  std::string name;
  ScalarKind kind;
  bool isTensor;          // (x: kind[d], a: kind) -> kind[d], else (a: kind, b: kind) -> kind
  bool isShorter = false; // x: kind[d + 1]
};
struct UserOp {
  std::string name;
  std::vector<ScalarKind> parts;
};

class Writer {
public:
  Writer(uint64_t seed, std::string name) : dice(seed), function(std::move(name)) {}
  GeneratedFunction write();
  GeneratedFunction writeWide();

private:
  // Generator.cpp: the function
  void drawDims();
  void drawParameters();
  void drawOps();
  void drawHelpers();
  std::string pureBody();
  std::string results(const std::vector<Tensor> &tensors, const std::vector<ScalarName> &scalars);
  std::string fresh(const char *stem) { return stem + ("_" + std::to_string(counter++)); }
  ScalarKind drawKind();
  Extent drawExtent();
  std::vector<Extent> drawShape(unsigned maxRank);

  // Expressions.cpp: scalars
  Piece scalar(ScalarKind k, unsigned depth);
  Piece term(ScalarKind k, unsigned depth, int bits);
  Piece leaf(ScalarKind k);
  Piece literal(ScalarKind k, bool isTyped = true);
  Piece partner(ScalarKind k, unsigned depth, bool &isLiteral);
  Piece floatExpr(ScalarKind k, unsigned depth);
  Piece intExpr(ScalarKind k, unsigned depth);
  Piece boolExpr(unsigned depth);
  Piece anyExpr(ScalarKind k, unsigned depth);
  Piece choice(ScalarKind k, unsigned depth);
  Piece blockExpr(ScalarKind k, unsigned depth);
  Piece conversion(ScalarKind k, unsigned depth);
  Piece helperCall(ScalarKind k, unsigned depth);
  std::optional<Piece> readOf(ScalarKind k);

  // Accesses.cpp: elements
  std::string access(const Tensor &t);
  std::optional<std::string> safeIndex(const Extent &axis);
  std::optional<std::string> gatherIndex(const Extent &axis);
  std::string anyIndex();
  std::string wildAccess(const Tensor &t);
  std::optional<Piece> guardedAccess(ScalarKind k);

  // Reductions.cpp: reduce and for
  Piece reduction(ScalarKind k, unsigned depth);
  std::optional<Piece> opReduction(ScalarKind k);
  std::optional<Piece> rowReduction(ScalarKind k, unsigned depth);
  Piece iteration(ScalarKind k, unsigned depth);
  const char *combiner(ScalarKind k);
  std::string domain(unsigned rank, std::string &binders);

  // Tensors.cpp: tensor values and statements of the pure level
  Piece tensor(ScalarKind k, const std::vector<Extent> &shape, unsigned depth);
  Piece computed(ScalarKind k, const std::vector<Extent> &shape, unsigned depth);
  Piece elementwise(ScalarKind k, const std::vector<Extent> &shape, unsigned depth);
  std::optional<Piece> whole(ScalarKind k, const std::vector<Extent> &shape);
  // Over a fresh axis, a list as the outer axis, through a loop, by a function of the program:
  std::optional<Piece> combined(ScalarKind k, const std::vector<Extent> &shape);
  std::optional<Piece> listed(ScalarKind k, const std::vector<Extent> &shape);
  std::optional<Piece> carried(ScalarKind k, const std::vector<Extent> &shape);
  std::optional<Piece> called(ScalarKind k, const std::vector<Extent> &shape);
  std::string letTensor();
  std::string letTuple();
  std::string letScalar();

  // Forms.cpp: scan, scatter, filter, sorts, while, what loops keep, total views
  Piece termOf(const std::string &op, ScalarKind k, unsigned depth);
  Piece scanned(ScalarKind k, const std::vector<Extent> &shape, unsigned depth);
  Piece scattered(ScalarKind k, const std::vector<Extent> &shape, unsigned depth);
  std::string keys();
  std::string letForm();
  std::string letOpScan();
  std::string letOrder();
  std::string letFilter();
  std::string letLoop();
  std::string letView();
  Piece stopping(ScalarKind k, unsigned depth);

  // Parallel.cpp: buffers, par, seq, stores
  std::string parallelBody();
  std::string bufferAndLoop();
  std::string update(const Tensor &t);
  std::string recurrence();
  std::string rows();
  std::string strided();
  std::string accumulator();
  std::string stepped();

  // Patterns.cpp: whole idioms with parameters of their own
  void parameter(const std::string &text);
  std::string pattern();
  std::string convolution();
  std::string pooling();
  std::string tiles();
  std::string product();
  std::string tupleTensor();
  std::string slices();
  std::string wave();

  // Idioms.cpp: the same for the wider language
  std::string idiom();
  std::string sparse();
  std::string structs();
  std::string generic();
  std::string atomics();
  std::string lanes();
  std::string lent();
  std::string lending(); // Lending.cpp
  std::string lentIndices();
  std::string keptAmongStores();
  std::string backwards();
  std::string narrow();
  std::string tested();
  std::string assembly();
  std::string reshaped();

  /// Everything that was declared since goes out of scope.
  struct Scope {
    Writer &w;
    size_t tensors, scalars, indices;
    explicit Scope(Writer &w)
        : w(w), tensors(w.tensorsInScope.size()), scalars(w.scalarsInScope.size()),
          indices(w.indicesInScope.size()) {}
    ~Scope() {
      w.tensorsInScope.erase(w.tensorsInScope.begin() + tensors, w.tensorsInScope.end());
      w.scalarsInScope.erase(w.scalarsInScope.begin() + scalars, w.scalarsInScope.end());
      w.indicesInScope.erase(w.indicesInScope.begin() + indices, w.indicesInScope.end());
    }
  };

  Dice dice;
  std::string function;
  unsigned counter = 0;
  int budget = 60;    // nodes that may still be drawn
  unsigned loops = 0; // domains around
  bool hasFloatOp = false;
  std::string math;

  std::vector<std::string> dims;
  std::string declarations, signature;
  std::vector<std::string> facts;                                // of `where`
  std::vector<std::pair<std::string, std::string>> extraResults; // type, value
  std::vector<Tensor> tensorsInScope;
  std::vector<ScalarName> scalarsInScope;
  std::vector<Index> indicesInScope;
  std::vector<Helper> helpers;
  std::vector<UserOp> ops;
  friend struct Scope;
};

/// Of the values that the driver draws for inputs: small dyadic numbers.
int inputBits(ScalarKind k);
int precision(ScalarKind k);
/// The bits of values of which nothing is known.
constexpr int anyBits = 99;

} // namespace texpr::random
