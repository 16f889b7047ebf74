// Compiles, links, loads and calls: the whole way of a user of the object, in one process.
//
// The call itself is made by a generated C function, since only C knows the C calling convention of a signature:
//   int texprc_call(void *const *a) { return softmax(*(int64_t *)a[0], …, (const float *)a[2], (float *)a[3], a[4]); }
// It includes the generated header, so the system's `cc`, which links the shared object anyway, checks one against the
// other. All files live in a folder of their own, which is removed as soon as the object is loaded.
#include "compiler/tools/RunObject.h"
#include "compiler/emit/Header.h"
#include "compiler/emit/Output.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include <cstring>
#include <dlfcn.h>

namespace texpr {

namespace {

bool isAxis(const DimBinding &dim) { return dim.how == DimBinding::How::Axis; }
bool isFound(const DimBinding &dim) { return dim.how == DimBinding::How::Found; }

std::string argument(const std::string &cType, size_t place) {
  std::string at = "a[" + std::to_string(place) + "]";
  return cType.ends_with("*") ? "(" + cType + ")" + at : "*(const " + cType + " *)" + at;
}

std::string cTypeOf(const Type &leaf) { return std::string(emit::cType(spelling(leaf.scalar))); }

/// The C types of the entry's arguments: dims, leaves of parameters, leaves of results, the call.
std::vector<std::string> entryTypes(const FnDecl &fn) {
  std::vector<std::string> types(llvm::count_if(fn.dims, isAxis), "int64_t");
  for (const Param &param : fn.params)
    for (const CallLeaf &leaf : leavesOf("", param.decl->type))
      types.push_back(leaf.type->isTensor()
                          ? (param.isInout ? "" : "const ") + cTypeOf(*leaf.type) + " *"
                          : cTypeOf(*leaf.type));
  for (const CallLeaf &leaf : resultLeaves(fn))
    types.push_back(cTypeOf(*leaf.type) + " *");
  types.insert(types.end(), llvm::count_if(fn.dims, isFound), "int64_t *");
  types.push_back("const tx_call *");
  return types;
}

/// The places among the leaves of the parameters that serve as dims, in the order of the parameters.
std::vector<size_t> dimLeaves(const FnDecl &fn) {
  std::vector<size_t> places;
  size_t place = 0;
  for (size_t p = 0; p < fn.params.size(); ++p) {
    for (const DimBinding &dim : fn.dims)
      if (dim.how == DimBinding::How::ScalarParam && dim.param == p &&
          !llvm::is_contained(places, place))
        places.push_back(place);
    place += leavesOf("", fn.params[p].decl->type).size();
  }
  return places;
}

std::vector<std::string> queryTypes(const FnDecl &fn) {
  std::vector<std::string> types(llvm::count_if(fn.dims, isAxis), "int64_t"), params;
  for (const Param &param : fn.params)
    for (const CallLeaf &leaf : leavesOf("", param.decl->type))
      params.push_back(cTypeOf(*leaf.type));
  for (size_t place : dimLeaves(fn))
    types.push_back(params[place]);
  types.push_back("const tx_call *");
  types.push_back("size_t *");
  return types;
}

std::string caller(const std::string &name, const std::string &callee,
                   const std::vector<std::string> &types) {
  std::string text = "int " + name + "(void *const *a) {\n  return (int)" + callee + "(";
  for (size_t i = 0; i < types.size(); ++i)
    text += (i ? ", " : "") + argument(types[i], i);
  return text + ");\n}\n";
}

/// A folder that is gone at the end.
struct Folder {
  llvm::SmallString<128> path;
  ~Folder() {
    if (!path.empty())
      llvm::sys::fs::remove_directories(path);
  }
  std::string file(const char *name) const { return (path + "/" + name).str(); }
};

} // namespace

RunObject::~RunObject() {
  if (library)
    dlclose(library);
}

ExitCode RunObject::load(const FnDecl &fn, CompileOptions options) {
  function = fn.name.text;
  frontEnd = options.frontEnd;
  isChecked = !options.checked.empty();
  auto cc = llvm::sys::findProgramByName("cc");
  if (!cc)
    return refuse(
        exitEnvironment,
        "run needs a C compiler to link with: no `cc` on PATH; install one (Debian: gcc), or "
        "use --interpret");
  Folder folder;
  if (std::error_code code = llvm::sys::fs::createUniqueDirectory("texprc-run", folder.path))
    return refuse(exitEnvironment, "a temporary folder: " + code.message());
  options.output = folder.file("program.o");
  options.emit = EmitKind::object;
  if (ExitCode code = compile(options)) {
    if (code == exitInternal)
      folder.path.clear(); // the reproducer is in it
    return code;
  }
  // Names that no exported function has.
  std::string call = "texprc_call", ask = "texprc_workspace", error;
  while (call == function || ask == function)
    call += '_', ask += '_';
  std::string text = "#include \"program.h\"\n" + caller(call, function, entryTypes(fn)) +
                     caller(ask, function + "_workspace", queryTypes(fn));
  if (!emit::writeFile(folder.file("caller.c"), text, error))
    return refuse(exitEnvironment, error);
  std::string source = folder.file("caller.c"), object = folder.file("program.o"),
              shared = folder.file("program.so"), reason;
  llvm::StringRef args[] = {*cc,    "-shared", "-fPIC", "-o",       shared,
                            source, object,    "-lm",   "-lpthread"};
  if (int status =
          llvm::sys::ExecuteAndWait(*cc, args, std::nullopt, {}, /*SecondsToWait=*/60, 0, &reason))
    return refuse(exitEnvironment, "linking failed: " + *cc + " -shared returned " +
                                       std::to_string(status) +
                                       (reason.empty() ? "" : ": " + reason));
  library = dlopen(shared.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return refuse(exitEnvironment, std::string("loading failed: ") + dlerror());
  entry = reinterpret_cast<Entry>(dlsym(library, call.c_str()));
  query = reinterpret_cast<Entry>(dlsym(library, ask.c_str()));
  return entry && query ? exitDone
                        : refuse(exitInternal, "the object lacks the entry of " + function);
}

ExitCode RunObject::failed(int status) const {
  std::string text = errorText;
  if (text.empty())
    text = function + " returned status " + std::to_string(status);
  const auto &sites = frontEnd->checked.sites;
  if (status != TX_ERR_DATA || isChecked || size_t(report.site) >= sites.size())
    return refuse(exitProgram, text);
  Diagnostics said;
  said.error(sites[report.site].range, text);
  said.print(llvm::errs(), frontEnd->files, llvm::sys::Process::StandardErrHasColors());
  return exitProgram;
}

ExitCode RunObject::prepare(const FnDecl &fn, CallValues &values, int threads) {
  context.size = sizeof context;
  context.abi = TEXPR_ABI_1;
  context.device = TX_CPU;
  context.max_workers = threads;
  context.report = &report;
  context.error_text = errorText;
  context.error_text_bytes = sizeof errorText;
  for (size_t d = 0; d < fn.dims.size(); ++d)
    if (isAxis(fn.dims[d]))
      dims.push_back(values.dims[d].second);
  for (int64_t &dim : dims)
    entryArguments.push_back(&dim);
  queryArguments = entryArguments;
  std::vector<void *> leaves;
  scalars.reserve(values.leaves.size());
  for (reference::Value &leaf : values.leaves) {
    if (leaf.isScalar())
      scalars.push_back(leaf.scalar().bits); // read by its C type: the host is little endian
    leaves.push_back(leaf.isScalar() ? static_cast<void *>(&scalars.back())
                                     : leaf.own().bytes.data());
  }
  entryArguments.insert(entryArguments.end(), leaves.begin(), leaves.end());
  for (size_t r = 0, count = resultLeaves(fn).size(); r < count; ++r)
    entryArguments.push_back(values.results[r].bytes.data());
  keepLent(fn, values);
  for (int64_t &dim : values.found)
    entryArguments.push_back(&dim);
  entryArguments.push_back(&context);
  for (size_t place : dimLeaves(fn))
    queryArguments.push_back(leaves[place]);
  queryArguments.push_back(&context);
  queryArguments.push_back(&workspaceBytes);
  if (int status = query(queryArguments.data()))
    return failed(status);
  workspace.resize(workspaceBytes + 64);
  auto begin = reinterpret_cast<uintptr_t>(workspace.data());
  context.workspace = workspace.data() + (64 - begin % 64) % 64;
  context.workspace_bytes = workspaceBytes;
  return exitDone;
}

/// What is lent, before any call changes it.
void RunObject::keepLent(const FnDecl &fn, CallValues &values) {
  size_t leaf = 0;
  for (const Param &param : fn.params)
    for (size_t k = leavesOf("", param.decl->type).size(); k > 0; --k, ++leaf)
      if (param.isInout) {
        std::vector<uint8_t> &bytes = values.leaves[leaf].own().bytes;
        lent.push_back({&bytes, bytes});
      }
}

void RunObject::restoreLent() {
  for (auto &[bytes, before] : lent)
    std::copy(before.begin(), before.end(), bytes->begin());
}

ExitCode RunObject::call() {
  int status = entry(entryArguments.data());
  return status ? failed(status) : exitDone;
}

} // namespace texpr
