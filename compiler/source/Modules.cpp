// `use`: from files to one program.
//
// In: the files of the command line. Out: one program, in which each declaration of a used file has the name
// `file::name`, so that no two files get into each other's way, and every use of a name says which one is meant.
// M1: a path is of the standard library (std/…), or relative to the file that uses it. M2: files do not use each other in
// a cycle. M3: a file sees its own names and those of the files that it uses, but not what these use, nor their `local`
// functions; one name that two of them declare is an error. M4: what a used file declares is not exported.
//   use "std/nn.tx";  fn f(x: f32[n]) … { softmax(x) }   →   fn f(x: f32[n]) … { nn::softmax(x) }
#include "compiler/source/Modules.h"
#include "compiler/source/Builtins.h"
#include "compiler/source/Parser.h"
#include "compiler/source/Walk.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <map>

namespace texpr {

namespace {

struct Module {
  unsigned file = 0;
  bool isRoot = false;
  std::unique_ptr<Program> program;
  std::string prefix;                                      // `nn::`; empty: a root
  std::vector<std::pair<size_t, const UseDecl *>> imports; // indices of modules
};

/// A declaration as a file sees it.
struct Seen {
  std::string name; // in the program
  SourceRange range;
  size_t module = 0;
};

class Linker {
public:
  Linker(SourceFiles &files, Diagnostics &diags) : files(files), diags(diags) {}

  std::unique_ptr<Program> run(const std::vector<unsigned> &roots) {
    for (unsigned file : roots) {
      byKey.try_emplace(keyOf(files.name(file)), modules.size());
      modules.push_back({file, true, parse(files, file, diags), "", {}});
    }
    for (size_t m = 0; m < modules.size(); ++m) // grows
      readUses(m);
    checkCycles();
    choosePrefixes();
    for (size_t m = 0; m < modules.size(); ++m)
      resolveNames(m);
    return merged();
  }

private:
  static bool isOfLibrary(llvm::StringRef path) { return path.starts_with("std/"); }

  /// What tells files apart.
  static std::string keyOf(const std::string &path) {
    llvm::SmallString<128> real;
    if (isOfLibrary(path) || llvm::sys::fs::real_path(path, real))
      return path;
    return std::string(real);
  }

  // ---- reading

  void readUses(size_t m) {
    for (size_t u = 0; u < modules[m].program->uses.size(); ++u) {
      const UseDecl &use = modules[m].program->uses[u];
      auto found = moduleOf(use, files.name(modules[m].file));
      if (!found)
        continue;
      auto &imports = modules[m].imports;
      auto twice = std::find_if(imports.begin(), imports.end(),
                                [&](const auto &other) { return other.first == *found; });
      if (twice != imports.end())
        diags.error(use.range, "`" + use.path + "` is used twice")
            .note(twice->second->range, "first here");
      else
        imports.push_back({*found, &use});
    }
  }

  std::optional<size_t> moduleOf(const UseDecl &use, const std::string &from) {
    bool isStd = isOfLibrary(use.path);
    llvm::SmallString<128> path(use.path);
    if (!isStd && llvm::sys::path::is_relative(use.path)) {
      path = llvm::sys::path::parent_path(from);
      llvm::sys::path::append(path, use.path);
      llvm::sys::path::remove_dots(path);
    }
    std::string name(path), key = keyOf(name);
    if (auto known = byKey.find(key); known != byKey.end())
      return known->second;
    auto file = isStd ? openLibrary(use) : openFile(use, name);
    if (!file)
      return std::nullopt;
    byKey[key] = modules.size();
    modules.push_back({*file, false, parse(files, *file, diags), "", {}});
    return modules.size() - 1;
  }

  std::optional<unsigned> openLibrary(const UseDecl &use) {
    std::string names;
    for (const auto &[name, text] : library()) {
      if (name == use.path)
        return files.add(name, text);
      names += (names.empty() ? "" : ", ") + name;
    }
    diags.error(use.range, "the standard library has no file `" + use.path + "`")
        .note("it has " + names);
    return std::nullopt;
  }

  std::optional<unsigned> openFile(const UseDecl &use, const std::string &path) {
    std::string reason;
    if (use.path.empty()) {
      if (!diags.hasErrors()) // else of a string that is not closed
        diags.error(use.range, "`use` names no file");
      return std::nullopt;
    }
    auto file = files.open(path, reason);
    if (!file)
      diags.error(use.range, "`" + path + "` " + reason)
          .note("a path is relative to the file that uses it");
    return file;
  }

  // ---- cycles

  void checkCycles() {
    std::vector<int> state(modules.size());
    std::vector<size_t> path;
    auto visit = [&](auto &self, size_t m) -> void {
      state[m] = 1;
      path.push_back(m);
      for (auto &[next, use] : modules[m].imports) {
        if (state[next] == 1) {
          std::string cycle;
          for (auto at = std::find(path.begin(), path.end(), next); at != path.end(); ++at)
            cycle += "`" + files.name(modules[*at].file) + "` → ";
          diags.error(use->range, "files may not use each other: " + cycle + "`" +
                                      files.name(modules[next].file) + "`");
        } else if (state[next] == 0) {
          self(self, next);
        }
      }
      path.pop_back();
      state[m] = 2;
    };
    for (size_t m = 0; m < modules.size(); ++m)
      if (state[m] == 0)
        visit(visit, m);
  }

  // ---- names

  void choosePrefixes() {
    llvm::StringSet<> taken;
    for (Module &m : modules) {
      if (m.isRoot)
        continue;
      std::string stem = llvm::sys::path::stem(files.name(m.file)).str(), name = stem;
      for (unsigned k = 2; !taken.insert(name).second; ++k)
        name = stem + std::to_string(k);
      m.prefix = name + "::";
    }
  }

  using Names = std::map<std::string, Seen>;

  static bool isOperator(const Ident &name) {
    return !name.text.empty() && !isalpha(name.text[0]) && name.text[0] != '_';
  }

  /// `f(ident)` for each name that module `m` declares: functions and ops, or structs.
  template <typename F> void eachName(size_t m, bool isType, bool withLocal, F &&f) {
    Program &p = *modules[m].program;
    if (isType) {
      for (auto &s : p.structs)
        f(s->name);
      return;
    }
    for (auto &fn : p.fns)
      if (withLocal || !fn->isLocal)
        f(fn->name);
    for (auto &op : p.ops)
      if (!isOperator(op->name))
        f(op->name);
  }

  /// What a file sees of its own, and of what it uses. A builtin's name is left for the checker to refuse.
  Names namesOf(size_t m, bool isType) {
    Names names;
    auto isBuiltin = [&](const std::string &name) {
      return !isType && (findBuiltin(name) || findPredeclared(name) || findCombiner(name));
    };
    auto add = [&](size_t from, const Ident &name, const UseDecl *use) {
      if (isBuiltin(name.text))
        return;
      Seen seen{modules[from].prefix + name.text, name.range, from};
      auto [old, isNew] = names.try_emplace(name.text, seen);
      if (isNew || old->second.module == from)
        return; // two of one file: the checker's
      auto error = diags.error(use ? use->range : name.range,
                               "`" + name.text + "` is declared in `" +
                                   files.name(modules[old->second.module].file) + "` and in `" +
                                   files.name(modules[from].file) + "`");
      error.note(old->second.range, "declared here");
      error.note(name.range, "and here");
      error.note("a file and the files that it uses have distinct names");
    };
    eachName(m, isType, true, [&](const Ident &name) { add(m, name, nullptr); });
    for (auto &[from, use] : modules[m].imports)
      eachName(from, isType, modules[from].isRoot,
               [&](const Ident &name) { add(from, name, use); });
    return names;
  }

  void resolveNames(size_t m) {
    Names values = namesOf(m, false), types = namesOf(m, true);
    auto rename = [](std::string &name, const Names &names, const llvm::StringSet<> &hidden) {
      auto found = names.find(name);
      if (found != names.end() && !hidden.contains(name))
        name = found->second.name;
    };
    llvm::StringSet<> hidden; // the type parameters of the declaration at hand
    auto onType = [&](TypeExpr &t) {
      if (t.kind == TypeExpr::Kind::Named)
        rename(t.name.text, types, hidden);
    };
    auto onExpr = [&](Expr &e) {
      if (auto *call = llvm::dyn_cast<CallExpr>(&e))
        rename(call->callee.text, values, hidden);
      else if (auto *value = llvm::dyn_cast<StructExpr>(&e))
        rename(value->name.text, types, hidden);
      else if (auto *reduce = llvm::dyn_cast<ReduceExpr>(&e))
        rename(reduce->op.name.text, values, hidden);
      else if (auto *scan = llvm::dyn_cast<ScanExpr>(&e))
        rename(scan->op.name.text, values, hidden);
      else if (auto *scatter = llvm::dyn_cast<ScatterExpr>(&e); scatter && scatter->op)
        rename(scatter->op->name.text, values, hidden);
    };
    Walker walker{onExpr, nullptr, onType};
    auto hide = [&](const std::vector<TypeParam> &params) {
      hidden.clear();
      for (const TypeParam &p : params)
        hidden.insert(p.name.text);
    };
    Program &p = *modules[m].program;
    for (auto &s : p.structs) {
      hidden.clear();
      for (auto &[name, type] : s->fields)
        walker.type(type);
      rename(s->name.text, types, {});
    }
    for (auto &op : p.ops) {
      hide(op->typeParams);
      for (RType *r : {&op->lhs.declared, &op->rhs.declared, &op->result})
        walker.type(r->type);
      walker.expr(op->identity.get());
      walker.block(op->body.get());
      rename(op->name.text, values, {});
    }
    for (auto &fn : p.fns) {
      hide(fn->typeParams);
      for (Param &param : fn->params)
        walker.type(param.declared.type);
      for (ResultDecl &result : fn->results)
        walker.type(result.declared.type);
      walker.block(fn->body.get());
      rename(fn->name.text, values, {});
      fn->isUsed = !modules[m].isRoot;
      fn->isLocal |= fn->isUsed;
    }
  }

  std::unique_ptr<Program> merged() {
    auto program = std::make_unique<Program>();
    auto append = [](auto &to, auto &from) {
      to.insert(to.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
    };
    for (Module &m : modules) {
      append(program->structs, m.program->structs);
      append(program->ops, m.program->ops);
      append(program->fns, m.program->fns);
    }
    return program;
  }

  SourceFiles &files;
  Diagnostics &diags;
  std::vector<Module> modules;
  std::map<std::string, size_t> byKey;
};

} // namespace

std::unique_ptr<Program> parseProgram(SourceFiles &files, const std::vector<unsigned> &roots,
                                      Diagnostics &diags) {
  return Linker(files, diags).run(roots);
}

std::vector<std::string> librariesWith(llvm::StringRef name) {
  std::vector<std::string> names;
  for (const auto &[file, text] : library())
    for (const char *end : {"(", "<"})
      if (llvm::StringRef(text).contains(("\nfn " + name + end).str()))
        names.push_back(file);
  return names;
}

} // namespace texpr
