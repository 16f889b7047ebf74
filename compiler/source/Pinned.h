// Where attributes stand in a function: each form and statement that takes some, and where one would be inserted.
#pragma once
#include "compiler/source/Ast.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <optional>
#include <string>

namespace texpr {

struct PinnedForm {
  SourceRange range; // of the form: its begin names it
  const Attrs *attrs = nullptr;
  const Binders *binders = nullptr; // null: it has none
  uint32_t insertAt = 0;            // where its attributes go, if it has none yet
  bool isCompute = false;           // it makes a tensor that may be inlined
  bool isBeforeBrace = false;       // insertAt is no brace: they go before the next one
};

/// Every form and statement of a body that takes attributes, in the order of the source.
void eachPinned(const Block &body, llvm::function_ref<void(const PinnedForm &)> f);

/// A condition of `@class`: the dims' coefficients and a constant, together at least 0 (or equal to it).
struct ClassBound {
  std::vector<std::pair<const NameExpr *, int64_t>> terms;
  int64_t constant = 0;
  bool isEquality = false;
};
/// Nothing where the condition is no comparison of sums of dims with constant factors.
std::optional<ClassBound> boundOf(const Expr &condition);

/// "x86-64-v4" of `@on(x86-64-v4)`, which reads as a difference; empty where it is none.
std::string targetOfAttr(const Attr &on);

/// The values of `@specialize(k = 64 | 128)`; empty where it is written otherwise.
std::vector<int64_t> valuesOf(const Attr &a);

} // namespace texpr
