// `atomic`: an element that several iterations of a `par` change.
//
// L1: an `atomic` changes scalars. Its result is the same in any order of the iterations for integers
// under `+= -= *= &= |= ^= max= min= and= or= xor=`; a float, `=`, `/=` and the value before, whose
// result is not, need `@nondeterministic` on the statement, a loop around it or the function. Two atomics
// of one operator on one element are no race (CheckRaces.cpp); an atomic beside a plain access is one.
#include "compiler/source/Checker.h"

namespace texpr {

bool Checker::isNondeterministicHere() const {
  for (const Frame &f : frames)
    if (f.nondeterministic)
      return true;
  return currentFn && hasAttr(currentFn->attrs, "nondeterministic");
}

/// Why the order of the iterations shows in what `s` leaves behind; empty: it does not.
static std::string whyOrdered(const AssignStmt &s, ScalarKind k) {
  if (s.op == AssignOp::Set)
    return "the last of several `atomic … =` stays";
  if (s.op == AssignOp::Div)
    return "divisions in another order give another quotient";
  if (isFloat(k))
    return "floats combined in another order round otherwise";
  if (s.old)
    return "the value before an `atomic` is what the iterations that came first left";
  return "";
}

bool Checker::checkAtomic(const AssignStmt &s) {
  const Type &t = s.place->type;
  if (!t.isLeaf()) {
    diags.error(s.place->range, "an `atomic` changes a scalar, but this is " + str(t))
        .note("change its parts one by one, as in `atomic " + text(s.place->range) + ".0 += …`");
    return false;
  }
  if (s.old && !t.isScalar()) {
    diags.error(s.old->name.range,
                "only an `atomic` on one element has a value before, but this is " + str(t));
    return false;
  }
  std::string why = whyOrdered(s, t.scalar);
  if (why.empty() || hasAttr(s.attrs, "nondeterministic") || isNondeterministicHere())
    return true;
  auto error =
      diags.error(s.place->range, "the result of this `atomic` depends on the order in which "
                                  "iterations come: " +
                                      why);
  error.note("`@nondeterministic` on the statement, a loop around it or the function accepts that");
  if (isFloat(t.scalar) && s.op == AssignOp::Add)
    error.note("`scatter(+)` and `reduce(+)` add floats in an order that is fixed");
  if (s.value)
    error.fix(after(s.value->range), " @nondeterministic", "accept it");
  return false;
}

} // namespace texpr
