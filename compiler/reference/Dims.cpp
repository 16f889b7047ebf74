// Types as written, held against values, and the dims that they bind.
//
// In: the parameters' type expressions and the values that came, or dims by name. Out: every dim of
// the call bound in the frame. An axis binds the one dim of its extent that is not known yet, which
// is linear in it: two values of the line give its slope. A dim that `where` defines is the other
// side of its equation. Dims wait for those that they need.
#include "compiler/reference/Machine.h"

namespace texpr::reference {

static void leafTypes(const TypeExpr &type, std::vector<const Expr *> outer,
                      std::vector<LeafType> &out) {
  for (const ExprPtr &extent : type.shape)
    outer.push_back(extent.get());
  if (type.kind == TypeExpr::Kind::Tuple)
    for (const TypeExpr &part : type.parts)
      leafTypes(part, outer, out);
  else
    out.push_back({type.scalar, outer});
}

std::vector<LeafType> leafTypes(const TypeExpr &type) {
  std::vector<LeafType> out;
  leafTypes(type, {}, out);
  return out;
}

static std::string ordinal(const std::string &name, size_t leaf, size_t leaves) {
  return leaves == 1 ? name : name + "." + std::to_string(leaf);
}

std::vector<LeafShape> Machine::leafShapes(const TypeExpr &type) {
  std::vector<LeafShape> out;
  for (const LeafType &leaf : leafTypes(type)) {
    Shape shape;
    for (const Expr *extent : leaf.extents)
      shape.push_back(evalInt(*extent));
    out.push_back({leaf.kind, std::move(shape)});
  }
  return out;
}

/// The leaves of `v` are of the kinds and ranks of `type`.
void Machine::matchType(const Value &v, const TypeExpr &type, const std::string &name,
                        SourceRange site) {
  std::vector<const Value *> leaves;
  v.leaves(leaves);
  const std::vector<LeafType> types = leafTypes(type);
  if (leaves.size() != types.size())
    fail(Failure::Kind::Argument, site,
         name + ": " + std::to_string(types.size()) + " leaves expected, " +
             std::to_string(leaves.size()) + " came");
  for (size_t l = 0; l < leaves.size(); ++l) {
    const std::string leaf = ordinal(name, l, leaves.size());
    if (leaves[l]->scalarKind() != types[l].kind)
      fail(Failure::Kind::Argument, site,
           leaf + ": " + spelling(types[l].kind) + " expected, " +
               spelling(leaves[l]->scalarKind()) + " came");
    if (leaves[l]->shape().size() != types[l].extents.size())
      fail(Failure::Kind::Argument, site,
           leaf + ": rank " + std::to_string(types[l].extents.size()) + " expected, shape " +
               describe(leaves[l]->shape()) + " came");
  }
}

void Machine::checkShape(const Value &v, const TypeExpr &type, const std::string &what,
                         SourceRange site, Failure::Kind kind) {
  std::vector<const Value *> leaves;
  v.leaves(leaves);
  const std::vector<LeafShape> types = leafShapes(type);
  if (leaves.size() != types.size())
    internal(site, what + " with a wrong number of leaves");
  for (size_t l = 0; l < leaves.size(); ++l) {
    if (leaves[l]->scalarKind() != types[l].kind)
      internal(site, what + " of a wrong scalar type");
    if (leaves[l]->shape() != types[l].shape)
      fail(kind, site,
           ordinal(what, l, leaves.size()) + ": shape " + describe(types[l].shape) + " expected, " +
               describe(leaves[l]->shape()) + " came");
    if (!elementCount(types[l].shape))
      fail(Failure::Kind::Argument, site, what + ": more than 2^47 bytes");
  }
}

/// True where every name of an index expression has a value, `except` aside.
bool Machine::isKnown(const Expr &e, const Decl *except) const {
  if (auto *name = llvm::dyn_cast<NameExpr>(&e))
    return !name->decl || name->decl == except || frame->values.count(name->decl);
  if (auto *unary = llvm::dyn_cast<UnaryExpr>(&e))
    return isKnown(*unary->operand, except);
  if (auto *binary = llvm::dyn_cast<BinaryExpr>(&e))
    return isKnown(*binary->lhs, except) && isKnown(*binary->rhs, except);
  if (auto *call = llvm::dyn_cast<CallExpr>(&e))
    return llvm::all_of(call->args, [&](const ExprPtr &a) { return isKnown(*a, except); });
  return true;
}

/// `extent(unknown) == length`, linear in `unknown`: two values of the line give its slope.
std::optional<int64_t> Machine::solveExtent(const Decl &unknown, const Expr &extent,
                                            int64_t length) {
  bind(unknown, indexScalar(0));
  const int64_t atZero = evalInt(extent);
  bind(unknown, indexScalar(1));
  const int64_t slope = evalInt(extent) - atZero;
  frame->values.erase(&unknown);
  if (slope == 0)
    return length == atZero ? std::optional<int64_t>(0) : std::nullopt;
  if ((length - atZero) % slope != 0)
    return std::nullopt;
  return (length - atZero) / slope;
}

/// The other side of an equation of `where` with `decl` alone on one side, or null.
static const Expr *definition(const FnDecl &fn, const Decl &decl) {
  auto isName = [&](const Expr &e) {
    auto *name = llvm::dyn_cast<NameExpr>(&e);
    return name && name->decl == &decl;
  };
  for (const Fact &fact : fn.where)
    for (size_t r = 0; r < fact.rels.size(); ++r) {
      if (fact.rels[r] != BinaryOp::Eq)
        continue;
      if (isName(*fact.chain[r]))
        return fact.chain[r + 1].get();
      if (isName(*fact.chain[r + 1]))
        return fact.chain[r].get();
    }
  return nullptr;
}

/// Gives `dim` its value; false where another dim must be known first.
bool Machine::bindDim(const FnDecl &fn, const DimBinding &dim, const Inputs &inputs) {
  const Decl &decl = *dim.decl;
  const auto given = inputs.dims.find(decl.name.text);
  std::optional<int64_t> value;
  if (dim.how == DimBinding::How::ScalarParam && inputs.params.empty()) {
    if (given == inputs.dims.end())
      fail(Failure::Kind::Argument, decl.name.range, "no value for " + decl.name.text);
    value = given->second;
  } else if (dim.how == DimBinding::How::ScalarParam) {
    value = toInt(inputs.params[dim.param].scalar());
  } else if (dim.how == DimBinding::How::Defined) {
    const Expr *e = definition(fn, decl);
    if (!e)
      internal(decl.name.range, "a dim without a definition");
    if (!isKnown(*e, nullptr))
      return false;
    value = evalInt(*e);
  } else if (given != inputs.dims.end()) {
    value = given->second;
  } else if (inputs.params.empty()) {
    fail(Failure::Kind::Argument, decl.name.range, "no value for " + decl.name.text);
  } else {
    const Param &param = fn.params[dim.param];
    const Expr &extent = *leafTypes(param.declared.type)[dim.leaf].extents[dim.axis];
    std::vector<const Value *> leaves;
    inputs.params[dim.param].leaves(leaves);
    if (!isKnown(extent, &decl))
      return false;
    value = solveExtent(decl, extent, leaves[dim.leaf]->shape()[dim.axis]);
    if (!value)
      fail(Failure::Kind::Contract, param.decl->name.range,
           "no " + decl.name.text + " gives axis " + std::to_string(dim.axis) + " of " +
               param.decl->name.text + " its length " +
               std::to_string(leaves[dim.leaf]->shape()[dim.axis]));
  }
  if (dim.how == DimBinding::How::Axis && (*value < 0 || *value > int64_t(1) << 47))
    fail(Failure::Kind::Argument, decl.name.range,
         decl.name.text + " is " + std::to_string(*value) + ", a dim is in 0..=2^47");
  bind(decl, indexScalar(*value));
  if (dim.how == DimBinding::How::ScalarParam) // names may stand for the parameter itself
    bind(*fn.params[dim.param].decl,
         integer(fn.params[dim.param].declared.type.scalar, static_cast<uint64_t>(*value)));
  return true;
}

void Machine::bindDims(const FnDecl &fn, const Inputs &inputs) {
  std::vector<const DimBinding *> open;
  for (const DimBinding &dim : fn.dims)
    if (dim.how != DimBinding::How::Found)
      open.push_back(&dim);
  while (!open.empty()) {
    const size_t before = open.size();
    llvm::erase_if(open, [&](const DimBinding *dim) { return bindDim(fn, *dim, inputs); });
    if (open.size() == before)
      internal(open.front()->decl->name.range, "dims that define each other");
  }
}

} // namespace texpr::reference
