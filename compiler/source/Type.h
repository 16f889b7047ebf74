// The types of the language as the checker sees them.
//
// Canonical form: a tensor of tuples *is* a tuple of tensors (docs/language.md), so a type is a tree of tuples whose
// leaves are a scalar with a shape. A rank-0 leaf is a scalar. An extent is an index expression over dims,
// binders and other index values; equal extents are equal expressions, or proved so.
#pragma once
#include "dialects/facts/Facts.h"
#include <cstdint>
#include <string>
#include <vector>

namespace texpr {

enum class ScalarKind : uint8_t {
  F64,
  F32,
  F16,
  BF16,
  F8E4M3,
  F8E5M2,
  I8,
  I16,
  I32,
  I64,
  U8,
  U16,
  U32,
  U64,
  Bool
};

bool isFloat(ScalarKind k);
bool isF8(ScalarKind k);         // a float that is stored and converted, and not computed with
bool isInt(ScalarKind k);        // signed or unsigned, not bool
bool isSigned(ScalarKind k);     // i8 … i64
unsigned bitWidth(ScalarKind k); // bool: 8 in memory, but 1 here
const char *spelling(ScalarKind k);

struct StructDecl;

struct Type {
  enum class Kind : uint8_t { Invalid, Leaf, Tuple };
  Kind kind = Kind::Invalid;
  ScalarKind scalar = ScalarKind::F32; // Leaf
  std::vector<facts::Expr> shape;      // Leaf; empty: a scalar
  std::vector<Type> parts;             // Tuple
  const StructDecl *nominal = nullptr; // Tuple: the struct that it is; null: a plain tuple

  static Type leaf(ScalarKind s, std::vector<facts::Expr> shape = {});
  static Type tuple(std::vector<Type> parts, const StructDecl *nominal = nullptr);
  bool isValid() const { return kind != Kind::Invalid; }
  bool isLeaf() const { return kind == Kind::Leaf; }
  bool isTuple() const { return kind == Kind::Tuple; }
  bool isStruct() const { return isTuple() && nominal; }
  /// The name of part `i`: its field's, or its number.
  std::string partName(size_t i) const;
  bool isScalar() const { return isLeaf() && shape.empty(); }
  bool isScalar(ScalarKind s) const { return isScalar() && scalar == s; }
  bool isTensor() const { return isLeaf() && !shape.empty(); }
  /// The type with `outer` put before the shape of every leaf.
  Type withOuter(const std::vector<facts::Expr> &outer) const;
  /// The leaves, left to right: the order of the C signature's pointers.
  void leaves(std::vector<const Type *> &out) const;
};

} // namespace texpr
