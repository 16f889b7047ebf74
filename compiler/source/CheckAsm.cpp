// `asm` and `wait`: instructions of a machine, held to what they say they do.
//
// L6: an operand is a scalar (`imm`: a literal; `pred`: a bool; `out`, `inout`: a place that is stored
//      to), or a part of a register tile by `.regs(i, j)`; `reads` and `writes` name what memory the
//      instruction touches beside them, which is proved in bounds and enters races as any access does.
// L7: `means` and an `else` block say in the language what the instruction does: on a machine without it
//      they run. Stores of theirs go to what the operands and `writes` name. A function whose asm says
//      neither is for its machine alone, and is refused where it is compiled for another.
// L8: `wait g, n` names a group that an `async g` before it began.
// The block is checked where it stands, so it is what bounds, races and initialization see of the asm: an operand is written
// where the block that runs stores to it. Operands count for races beside it, and alone where there is no block.
#include "compiler/source/Checker.h"
#include <algorithm>

namespace texpr {

static const NameExpr *rootOf(const Expr *e) {
  while (e) {
    if (auto *name = llvm::dyn_cast<NameExpr>(e))
      return name;
    if (auto *index = llvm::dyn_cast<IndexExpr>(e))
      e = index->base.get();
    else if (auto *field = llvm::dyn_cast<FieldExpr>(e))
      e = field->base.get();
    else if (auto *method = llvm::dyn_cast<MethodCallExpr>(e))
      e = method->base.get();
    else
      return nullptr;
  }
  return nullptr;
}

/// An operand alone: `acc.regs(i, j)`, `addr(t[i, j])` and scalars.
void Checker::checkAsmOperand(AsmOperand &o, bool hasBlock) {
  bool isStored = o.word == "out" || o.word == "inout";
  if (auto *method = llvm::dyn_cast_or_null<MethodCallExpr>(o.value.get())) {
    if (method->method.text != "regs") {
      diags.error(method->method.range,
                  "an operand of `asm` knows `.regs(…)`, the registers of a lane, not `." +
                      method->method.text + "`");
      return;
    }
    const NameExpr *root = rootOf(method);
    Decl *d = root ? lookUp(root->text) : nullptr;
    if (!d || d->kind != Decl::Kind::Buffer) {
      diags.error(method->base ? method->base->range : o.range, "`.regs(…)` is of a `reg` buffer");
      return;
    }
    typePath(*method->base);
    for (ExprPtr &arg : method->args)
      checkExpr(arg);
    if (isStored)
      d->isMutable = true;
    return;
  }
  if (auto *call = llvm::dyn_cast_or_null<CallExpr>(o.value.get());
      call && call->callee.text == "addr" && !fnByName.count("addr")) {
    if (call->args.size() != 1 || !rootOf(call->args[0].get()))
      diags.error(o.range, "`addr(…)` takes an element of a buffer, as in `addr(t[i, j])`");
    else if (auto *element = llvm::dyn_cast<IndexExpr>(call->args[0].get()))
      checkIndex(*element, false, false, false); // what is touched, `reads` and `writes` say
    else
      checkExpr(call->args[0]);
    return;
  }
  if (isStored) {
    Place place;
    if (!o.value || !checkPlace(*o.value, place))
      return;
    if (!o.value->type.isScalar())
      diags.error(o.value->range,
                  "an operand of `asm` is a scalar, but this is " + str(o.value->type));
    place.buffer->isMutable = true;
    if (!mayWrite(place, o.value->range))
      return;
    if (o.word == "inout")
      readBuffer(*place.buffer, place.path, place.at, o.value->range);
    writeOfAsm(place, o.value->range, hasBlock);
    return;
  }
  checkExpr(o.value);
  if (!o.value || !o.value->type.isValid())
    return;
  if (!o.value->type.isScalar())
    diags.error(o.value->range,
                "an operand of `asm` is a scalar, but this is " + str(o.value->type));
  else if (o.word == "pred" && o.value->type.scalar != ScalarKind::Bool)
    diags.error(o.value->range, "a `pred` operand is bool, but this is " + str(o.value->type));
  else if (o.word == "imm" && !(o.value->value && o.value->value->constant()) &&
           !llvm::isa<FloatLitExpr>(o.value.get()))
    diags.error(o.value->range, "an `imm` operand is a constant");
}

static bool isPowerOfTwo(uint64_t v) { return v != 0 && (v & (v - 1)) == 0; }

/// What the block of an asm may store to.
static std::set<std::string> storedBy(const AsmExpr &e) {
  std::set<std::string> names;
  for (const AsmOperand &o : e.operands)
    if (o.word == "out" || o.word == "inout" || o.word == "writes")
      if (const NameExpr *root = rootOf(o.value.get()))
        names.insert(root->text);
  return names;
}

static void stores(Block &b, std::set<std::string> &own, std::vector<const NameExpr *> &out);
static void stores(Stmt &s, std::set<std::string> &own, std::vector<const NameExpr *> &out) {
  if (auto *assign = llvm::dyn_cast<AssignStmt>(&s)) {
    if (const NameExpr *root = rootOf(assign->place.get()); root && !own.count(root->text))
      out.push_back(root);
  } else if (auto *buffer = llvm::dyn_cast<BufferStmt>(&s)) {
    own.insert(buffer->decl->name.text);
  } else if (auto *par = llvm::dyn_cast<ParStmt>(&s)) {
    stores(*par->body, own, out);
  } else if (auto *seq = llvm::dyn_cast<SeqStmt>(&s)) {
    stores(*seq->body, own, out);
  } else if (auto *choice = llvm::dyn_cast<IfStmt>(&s)) {
    stores(*choice->thenBlock, own, out);
    if (choice->elseIf)
      stores(*choice->elseIf, own, out);
    if (choice->elseBlock)
      stores(*choice->elseBlock, own, out);
  }
}
static void stores(Block &b, std::set<std::string> &own, std::vector<const NameExpr *> &out) {
  for (StmtPtr &s : b.stmts)
    if (s)
      stores(*s, own, out);
}

/// The block that says what the asm does, as the interpreter chooses it; null where none does.
static const Block *meaningOf(const AsmExpr &e) {
  return e.means ? e.means.get() : e.elseAsm ? meaningOf(*e.elseAsm) : e.elseBlock.get();
}

/// A store by the instruction: where a block runs in its stead, that one says what is written.
void Checker::writeOfAsm(const Place &place, SourceRange range, bool hasBlock) {
  const size_t before = buffers[place.buffer].written.size();
  writeBuffer(*place.buffer, place.path, place.at, place.slices, range, false);
  if (hasBlock)
    buffers[place.buffer].written.resize(before);
}

void Checker::checkAsm(AsmExpr &e) {
  const Block *runs = meaningOf(e);
  if (!runs)
    out.machineOnly.push_back(e.range);
  checkAsm(e, runs, true);
}

void Checker::checkAsm(AsmExpr &e, const Block *runs, bool isFirst) {
  bool hasCost = false, hasShape = false;
  for (AsmOperand &o : e.operands) {
    if (o.word == "reads") {
      checkExpr(o.value);
    } else if (o.word == "writes") {
      Place place;
      if (o.value && checkPlace(*o.value, place) && mayWrite(place, o.range)) {
        place.buffer->isMutable = true;
        writeOfAsm(place, o.range, runs);
      }
    } else if (o.word == "contiguous") {
      if (hasShape || !isPowerOfTwo(o.contiguous) || (o.align && !isPowerOfTwo(o.align)))
        diags.error(o.range,
                    "`contiguous 8 align 16` stands once: how many elements lie side by side, and "
                    "the bytes of their alignment, powers of two");
      hasShape = true;
    } else if (o.word == "async") {
      asyncGroups.insert(o.group.text);
    } else if (o.word == "cost") {
      if (hasCost)
        diags.error(o.range, "`cost(…)` stands once");
      hasCost = true;
      for (auto &[key, value] : o.cost) {
        checkExpr(value);
        if (value && value->type.isValid() && !(value->value && value->value->constant()))
          diags.error(value->range, "a cost is a constant, as in `cost(flops = 4096)`");
      }
    } else {
      checkAsmOperand(o, runs);
    }
  }
  std::set<std::string> allowed = storedBy(e);
  for (Block *b : {e.means.get(), e.elseBlock.get()}) {
    if (!b)
      continue;
    std::set<std::string> own = b == e.means.get() ? allowed : std::set<std::string>();
    std::vector<const NameExpr *> out;
    if (b == e.means.get())
      stores(*b, own, out);
    for (const NameExpr *name : out)
      diags
          .error(name->range, "`means` stores to `" + name->text +
                                  "`, which is no `out`, `inout` or `writes` of the asm")
          .note(e.range, "this asm");
    const Marks marks = writtenMarks();
    checkBlock(*b, nullptr);
    if (b != runs)
      setWrittenAside(marks);
    if (b->value && b->value->type.isValid())
      diags.error(b->value->range,
                  "the value of this block is not used; store it to an `out` operand");
  }
  if (e.elseAsm) {
    if (isFirst && !e.arch)
      diags.error(e.elseAsm->range, "an alternative follows an asm that names its machine: "
                                    "`asm @sm_90a(…) … else asm(…)`");
    checkAsm(*e.elseAsm, runs, false);
  }
}

void Checker::checkWait(WaitStmt &s) {
  if (asyncGroups.contains(s.group.text))
    return;
  diags.error(s.group.range, "no asm before this began the group `" + s.group.text + "`")
      .note("a group is named by `async " + s.group.text + "` among the operands of an asm");
}

} // namespace texpr
