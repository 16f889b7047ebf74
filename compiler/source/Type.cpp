// The small questions about types that every stage asks: classes of scalars, their widths and
// spellings, and the canonical form in which a shape put around a tuple goes to its leaves.
//
// A type is a leaf (a scalar and its extents) or a tuple of types, so a tensor of tuples does not exist: `withOuter` makes the
// tuple of tensors that it is. What must hold: the order of ScalarKind, which the classes are ranges of, and the list of
// spellings, which is indexed by it. A struct is a tuple that remembers its declaration, and is another type for it.
#include "compiler/source/Ast.h"

namespace texpr {

bool isFloat(ScalarKind k) { return k <= ScalarKind::F8E5M2; }
bool isF8(ScalarKind k) { return k == ScalarKind::F8E4M3 || k == ScalarKind::F8E5M2; }
bool isSigned(ScalarKind k) { return k >= ScalarKind::I8 && k <= ScalarKind::I64; }
bool isInt(ScalarKind k) { return k >= ScalarKind::I8 && k <= ScalarKind::U64; }

unsigned bitWidth(ScalarKind k) {
  switch (k) {
  case ScalarKind::F64:
  case ScalarKind::I64:
  case ScalarKind::U64:
    return 64;
  case ScalarKind::F32:
  case ScalarKind::I32:
  case ScalarKind::U32:
    return 32;
  case ScalarKind::F16:
  case ScalarKind::BF16:
  case ScalarKind::I16:
  case ScalarKind::U16:
    return 16;
  case ScalarKind::F8E4M3:
  case ScalarKind::F8E5M2:
  case ScalarKind::I8:
  case ScalarKind::U8:
    return 8;
  case ScalarKind::Bool:
    return 1;
  }
  return 0;
}

const char *spelling(ScalarKind k) {
  static const char *const names[] = {"f64", "f32", "f16", "bf16", "f8e4m3", "f8e5m2", "i8",  "i16",
                                      "i32", "i64", "u8",  "u16",  "u32",    "u64",    "bool"};
  return names[static_cast<unsigned>(k)];
}

Type Type::leaf(ScalarKind s, std::vector<facts::Expr> shape) {
  Type t;
  t.kind = Kind::Leaf;
  t.scalar = s;
  t.shape = std::move(shape);
  return t;
}

Type Type::tuple(std::vector<Type> parts, const StructDecl *nominal) {
  Type t;
  t.kind = Kind::Tuple;
  t.parts = std::move(parts);
  t.nominal = nominal;
  return t;
}

std::string Type::partName(size_t i) const {
  return nominal ? nominal->fields[i].first.text : std::to_string(i);
}

Type Type::withOuter(const std::vector<facts::Expr> &outer) const {
  Type t = *this;
  if (isLeaf())
    t.shape.insert(t.shape.begin(), outer.begin(), outer.end());
  for (Type &part : t.parts)
    part = part.withOuter(outer);
  return t;
}

void Type::leaves(std::vector<const Type *> &out) const {
  if (isLeaf())
    out.push_back(this);
  for (const Type &part : parts)
    part.leaves(out);
}

} // namespace texpr
