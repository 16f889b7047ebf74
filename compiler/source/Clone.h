// A second syntax tree of the same text, as the parser would have built it.
#pragma once
#include "compiler/source/Ast.h"
#include <map>

namespace texpr {

/// What type parameters stand for in a copy: `T` → f32.
using ScalarNames = std::map<std::string, ScalarKind>;

/// Copies without what the checker wrote. A name of `scalars` becomes its scalar wherever it stands for a type: in types,
/// conversions `T(x)`, constants `T.max` and type arguments `<T>`.
ExprPtr clone(const Expr &e, const ScalarNames &scalars = {});
TypeExpr clone(const TypeExpr &t, const ScalarNames &scalars = {});
std::unique_ptr<FnDecl> clone(const FnDecl &fn, const ScalarNames &scalars);
std::unique_ptr<OpDecl> clone(const OpDecl &op, const ScalarNames &scalars);

} // namespace texpr
