// Calls the C entry of a compiled function and holds the results against the interpreter's.
//
// Every buffer, the workspace too, lies between two guards of a known pattern; results and
// workspace start as all ones (a NaN in every float type), inputs are compared with their copies
// afterwards. Tensors are aligned to their element, no more. Results must be equal bit for bit, any
// two NaNs being equal; the result of an approximated function may be off by the ulps that the
// language states for it.
#include "tests/random/Call.h"
#include "compiler/reference/Math.h"
#include <cmath>
#include <cstring>

namespace texpr::random {

using reference::Array;
using reference::byteSize;
using reference::describe;
using reference::Value;

static const char *cType(ScalarKind k) {
  switch (k) {
  case ScalarKind::F64:
    return "double";
  case ScalarKind::F32:
    return "float";
  case ScalarKind::F16:
  case ScalarKind::BF16:
  case ScalarKind::U16:
    return "uint16_t";
  case ScalarKind::I8:
    return "int8_t";
  case ScalarKind::I16:
    return "int16_t";
  case ScalarKind::I32:
    return "int32_t";
  case ScalarKind::I64:
    return "int64_t";
  case ScalarKind::U32:
    return "uint32_t";
  case ScalarKind::U64:
    return "uint64_t";
  default:
    return "uint8_t";
  }
}

static bool isFound(const DimBinding &dim) { return dim.how == DimBinding::How::Found; }
static bool isAxis(const DimBinding &dim) { return dim.how == DimBinding::How::Axis; }

/// The parameters of the C entry: dims that an axis binds, then the program's parameters in their order (a pointer a leaf,
/// scalars by value), results, and a pointer for each dim that is found while running.
static std::vector<std::string> cParameters(const Checked &checked) {
  std::vector<std::string> types(llvm::count_if(checked.fn->dims, isAxis), "int64_t");
  for (const Param &param : checked.fn->params) {
    std::vector<const Type *> leaves;
    param.decl->type.leaves(leaves);
    for (const Type *leaf : leaves)
      types.push_back(leaf->isTensor() || param.isInout ? "const void *" : cType(leaf->scalar));
  }
  for (const ResultDecl &result : checked.fn->results) {
    std::vector<const Type *> leaves;
    result.type.leaves(leaves);
    types.insert(types.end(), leaves.size(), "void *");
  }
  types.insert(types.end(), llvm::count_if(checked.fn->dims, isFound), "void *");
  return types;
}

/// The parameters that serve as dims, in the order of the program: the workspace query takes them after the other dims.
static std::vector<unsigned> dimParameters(const FnDecl &fn) {
  std::vector<unsigned> params;
  for (const DimBinding &dim : fn.dims)
    if (dim.how == DimBinding::How::ScalarParam)
      params.push_back(dim.param);
  llvm::sort(params);
  return params;
}

static std::string shim(const std::string &prefix, const std::string &name,
                        const std::vector<std::string> &types) {
  std::string signature, values;
  for (size_t i = 0; i < types.size(); ++i) {
    const bool isPointer = types[i].back() == '*';
    const std::string at = "a[" + std::to_string(i) + "]";
    signature += (i ? ", " : "") + types[i];
    values += (i ? ", " : "") + (isPointer ? at : "*(" + types[i] + " *)" + at);
  }
  return "int " + prefix + name + "(void *f, void **a) {\n  return ((int (*)(" + signature +
         "))f)(" + values + ");\n}\n";
}

std::string shimText(const Checked &checked, const std::string &name) {
  std::vector<std::string> types = cParameters(checked);
  types.push_back("const void *"); // the tx_call
  std::vector<std::string> query(llvm::count_if(checked.fn->dims, isAxis), "int64_t");
  for (unsigned p : dimParameters(*checked.fn))
    query.push_back(cType(checked.fn->params[p].decl->type.scalar));
  query.push_back("const void *");
  query.push_back("void *");
  return shim("call_", name, types) + shim("workspace_", name, query);
}

namespace {

/// Bytes between two guards.
class Guarded {
public:
  Guarded(size_t size, size_t alignment, uint8_t fill) : size(size) {
    memory.assign(2 * guard + size + 2 * 64, pattern);
    const auto base = reinterpret_cast<uintptr_t>(memory.data()) + guard;
    // Aligned to `alignment` and to nothing wider.
    const uintptr_t wide = (base + 63) & ~uintptr_t(63);
    begin = reinterpret_cast<uint8_t *>(alignment < 64 ? wide + alignment : wide);
    std::memset(begin, fill, size);
  }
  void *data() { return begin; }
  bool isIntact() const {
    for (const uint8_t *p = memory.data(); p != memory.data() + memory.size(); ++p)
      if ((p < begin || p >= begin + size) && *p != pattern)
        return false;
    return true;
  }

private:
  static constexpr size_t guard = 256;
  static constexpr uint8_t pattern = 0xa5;
  size_t size;
  std::vector<uint8_t> memory;
  uint8_t *begin;
};

/// How far a function may be off, in ulps (docs/language.md); half a one more, as the expected
/// value is itself rounded.
double allowedUlps(const std::string &function, ScalarKind k) {
  if (function.empty() || function == "sqrt")
    return 0;
  const bool isTight =
      function == "exp" || function == "log" || function == "tanh" || function == "erf";
  return (isTight && k == ScalarKind::F32 ? 2 : 4) + 0.5;
}

bool agrees(reference::Scalar got, reference::Scalar expected, double ulps) {
  if (got == expected || (reference::isNan(got) && reference::isNan(expected)))
    return true;
  return ulps > 0 && reference::ulpDistance(got, reference::real(expected)) <= ulps;
}

/// Sums of wide data: within their error bound, where there is one.
bool isNear(reference::Scalar got, reference::Scalar expected, double allowed) {
  return std::isinf(allowed) || std::fabs(real(got) - real(expected)) <= allowed;
}

/// A leaf of a result in memory, against what is expected of it.
std::optional<std::string> compare(const Value &expected, void *memory, double ulps,
                                   const std::vector<double> &allowed) {
  const ScalarKind k = expected.scalarKind();
  Array got(k, expected.shape());
  if (!got.bytes.empty())
    std::memcpy(got.bytes.data(), memory, got.bytes.size());
  for (int64_t i = 0; i < got.count(); ++i) {
    const reference::Scalar want =
        expected.isScalar() ? expected.scalar() : expected.tensor().get(i);
    if (k == ScalarKind::Bool && got.get(i).bits > 1)
      return "[" + std::to_string(i) + "] is a bool of " + std::to_string(got.get(i).bits);
    if (!allowed.empty() && isNear(got.get(i), want, allowed[i]))
      continue;
    if (!agrees(got.get(i), want, ulps))
      return "[" + std::to_string(i) + "] of shape " + describe(got.shape) + ": got " +
             describe(got.get(i)) + ", expected " + describe(want);
  }
  return std::nullopt;
}

/// The memory of one call.
struct Memory {
  std::vector<std::unique_ptr<Guarded>> buffers; // inputs, then results
  std::vector<const Value *> inputs, results;
  std::vector<bool> isLent;         // of each input: `inout`
  std::vector<const Value *> after; // of each input: what is expected of it then; null: what it was
  std::vector<std::pair<std::string, int64_t>> found; // dims that the call finds, as expected
  std::vector<std::unique_ptr<int64_t>> lengths;      // as the call gives them
  std::vector<void *> arguments, query;               // of the entry, of the workspace's
  std::vector<std::unique_ptr<uint64_t>> scalars;

  void *scalar(uint64_t bits) {
    scalars.push_back(std::make_unique<uint64_t>(bits));
    return scalars.back().get();
  }
  /// For `like`, or for as many elements as it may have.
  void *buffer(const Value &like, int64_t most = 0) {
    const size_t element = byteSize(like.scalarKind());
    const size_t bytes = std::max(like.isScalar() ? element : like.tensor().bytes.size(),
                                  static_cast<size_t>(most) * element);
    buffers.push_back(std::make_unique<Guarded>(bytes, element, 0xff));
    return bytes ? buffers.back()->data() : nullptr; // a tensor without elements may be NULL
  }
};

size_t resultLeaves(const FnDecl &fn) {
  std::vector<const Type *> leaves;
  for (const ResultDecl &result : fn.results)
    result.type.leaves(leaves);
  return leaves.size();
}

/// What the results of a refused call look like, before and after.
const Value &untouched() {
  static const Value v = [] {
    Array a(ScalarKind::U64, {16});
    std::fill(a.bytes.begin(), a.bytes.end(), uint8_t(0xff));
    return a;
  }();
  return v;
}

/// What the call must say of a dim that it finds.
int64_t foundLength(const DimBinding &dim, const Run &run) {
  std::vector<const Value *> leaves;
  run.expected[dim.param].leaves(leaves);
  return leaves[dim.leaf]->shape()[dim.axis];
}

Memory prepare(const Case &c, const Run &run) {
  Memory m;
  const FnDecl &fn = *c.checked->fn;
  for (size_t d = 0; d < fn.dims.size(); ++d)
    if (isAxis(fn.dims[d]))
      m.arguments.push_back(m.scalar(static_cast<uint64_t>(run.dims[d].second)));
  m.query = m.arguments;
  for (unsigned p : dimParameters(fn))
    m.query.push_back(m.scalar(run.inputs.params[p].scalar().bits));
  size_t lent = fn.results.size(); // the new values of `inout` parameters stand behind the results
  for (auto [p, param] : llvm::enumerate(run.inputs.params)) {
    std::vector<const Value *> leaves, after;
    param.leaves(leaves);
    if (fn.params[p].isInout && run.kind == Run::Kind::Agree)
      run.expected[lent++].leaves(after);
    for (auto [l, leaf] : llvm::enumerate(leaves)) {
      if (leaf->isScalar()) {
        m.arguments.push_back(m.scalar(leaf->scalar().bits));
        continue;
      }
      m.after.push_back(after.empty() ? nullptr : after[l]);
      m.isLent.push_back(fn.params[p].isInout);
      void *memory = m.buffer(*leaf);
      if (memory)
        std::memcpy(memory, leaf->tensor().bytes.data(), leaf->tensor().bytes.size());
      m.inputs.push_back(leaf);
      m.arguments.push_back(memory);
    }
  }
  for (size_t r = 0; r < fn.results.size() && r < run.expected.size(); ++r)
    run.expected[r].leaves(m.results);
  if (run.kind == Run::Kind::Refused) // any shape will do: nothing may be written
    m.results.assign(resultLeaves(fn), &untouched());
  for (size_t r = 0; r < m.results.size(); ++r)
    m.arguments.push_back(m.buffer(*m.results[r], r < run.most.size() ? run.most[r] : 0));
  for (const DimBinding &dim : fn.dims)
    if (isFound(dim)) {
      m.lengths.push_back(std::make_unique<int64_t>(-1));
      m.arguments.push_back(m.lengths.back().get());
      m.found.emplace_back(dim.decl->name.text,
                           run.kind == Run::Kind::Refused ? -1 : foundLength(dim, run));
    }
  return m;
}

std::optional<std::string> checkMemory(const Case &c, const Run &run, Memory &m) {
  for (size_t b = 0; b < m.buffers.size(); ++b) {
    const bool isInput = b < m.inputs.size();
    const std::string name =
        isInput ? "input " + std::to_string(b) : "r" + std::to_string(b - m.inputs.size());
    if (!m.buffers[b]->isIntact())
      return name + ": written outside of its buffer";
    if (isInput && m.after[b]) {
      if (auto wrong = compare(*m.after[b], m.buffers[b]->data(), 0, {}))
        return name + " after the call: " + *wrong;
      continue;
    }
    if (isInput && m.isLent[b] && run.kind == Run::Kind::Spoiled)
      continue;
    if (isInput) {
      const std::vector<uint8_t> &bytes = m.inputs[b]->tensor().bytes;
      if (!bytes.empty() && std::memcmp(bytes.data(), m.buffers[b]->data(), bytes.size()) != 0)
        return name + ": an input was written";
      continue;
    }
    if (run.kind == Run::Kind::Spoiled)
      continue;
    const size_t r = b - m.inputs.size();
    const bool isMath = !c.function.math.empty() && r + 1 == m.results.size();
    const double ulps = allowedUlps(isMath ? c.function.math : "", m.results[r]->scalarKind());
    if (auto wrong = compare(*m.results[r], m.buffers[b]->data(), ulps, run.allowed))
      return name + *wrong;
  }
  for (size_t d = 0; d < m.found.size() && run.kind != Run::Kind::Spoiled; ++d)
    if (*m.lengths[d] != m.found[d].second)
      return m.found[d].first + " is " + std::to_string(*m.lengths[d]) + ", expected " +
             std::to_string(m.found[d].second);
  return std::nullopt;
}

} // namespace

std::optional<std::string> callEntry(const Case &c, const Run &run, Shim call, Shim workspace,
                                     void *entry, void *workspaceEntry, int workers) {
  Memory m = prepare(c, run);
  char text[512] = "";
  tx_call options = {};
  options.size = sizeof options;
  options.abi = TEXPR_ABI_1;
  options.device = TX_CPU;
  options.max_workers = workers;
  options.error_text = text;
  options.error_text_bytes = sizeof text;

  size_t bytes = 0;
  m.query.push_back(&options);
  m.query.push_back(&bytes);
  const int asked = workspace(workspaceEntry, m.query.data());
  if (asked && run.kind != Run::Kind::Refused)
    return "the workspace query gives status " + std::to_string(asked) + ": " + text;
  Guarded scratch(bytes, 64, 0xff);
  options.workspace = bytes ? scratch.data() : nullptr;
  options.workspace_bytes = bytes;

  m.arguments.push_back(&options);
  const int status = call(entry, m.arguments.data());
  const bool isRefusal = status == TX_ERR_CONTRACT || status == TX_ERR_ARGUMENT;
  if (run.kind == Run::Kind::Refused
          ? !isRefusal
          : status && !(run.kind == Run::Kind::Spoiled && status == TX_ERR_DATA))
    return (run.kind == Run::Kind::Refused ? "a call that breaks the contract gives status "
                                           : "status ") +
           std::to_string(status) + ": " + text;
  if (!scratch.isIntact())
    return "written outside of the workspace of " + std::to_string(bytes) + " bytes";
  return checkMemory(c, run, m);
}

} // namespace texpr::random
