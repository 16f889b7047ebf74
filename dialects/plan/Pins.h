// The pins of the source, as a table beside the program: `texpr.pins` of the module.
//
// A pin is found again by the place of its form, which every op keeps as its location, and not by an attribute that travels:
// until a policy asks, a program with pins is the same IR as one without, so that pins that repeat a decision change nothing.
#pragma once
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Operation.h"
#include <optional>

namespace texpr::plan {

inline constexpr llvm::StringLiteral pinsName = "texpr.pins";

/// A place of the source; line 0: none.
struct SourcePlace {
  llvm::StringRef file;
  unsigned line = 0, column = 0;
  bool operator==(const SourcePlace &o) const {
    return line == o.line && column == o.column && file == o.file;
  }
};

struct Pin {
  llvm::StringRef name; // of the decision: `vector` is `plan.vector`
  mlir::Attribute value;
  SourcePlace form;         // what it stands on; none: a function as a whole
  llvm::StringRef function; // that it stands on, or that the form is in
  llvm::StringRef
      kind; // of a function: what `numbers` count: "value", "tensor", "sum", "nest", "loop"
  llvm::SmallVector<int64_t, 4> numbers; // from 1
  llvm::SmallVector<int64_t, 4>
      classes;              // of `@class`, from 1 in their order, the rest last; empty: every one
  llvm::StringRef target;   // of `@on`; empty: every one
  llvm::StringRef spelling; // "@vector", for messages
  SourcePlace at;           // of the pin itself
  bool isUsed = false;      // something obeyed it, or refused it
};

/// All pins of a module, in the order of the source.
llvm::SmallVector<Pin> getPins(mlir::ModuleOp module);
void setPins(mlir::ModuleOp module, llvm::ArrayRef<Pin> pins);

/// The form that an op was made for: the innermost place of its location; none for what no form of the source stands for,
/// such as `x + y` on tensors.
SourcePlace formOf(mlir::Operation *op);

/// The innermost place of its location, be it a form's or not.
SourcePlace placeOf(mlir::Operation *op);

/// The location of what is made for an expression that is no form, from its place.
mlir::Location besidesForms(mlir::Location place);

/// The location of a clone for a class, from 1; and the class of what was made from it, 0 where there is none.
mlir::Location inClass(mlir::Location location, unsigned number);
unsigned classOf(mlir::Operation *op);

/// Where an error about the pin of `op` with that name belongs: at the pin, else at the op.
mlir::Location locationOfPin(mlir::Operation *op, llvm::StringRef name);
mlir::Location toLocation(mlir::MLIRContext *context, const SourcePlace &place);

} // namespace texpr::plan
