// Mapped nests as text → object → shared library → a function pointer.
#pragma once
#include "compiler/target/Target.h"
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

/// As tx_report.
struct Report {
  int32_t status = 0, site = 0;
  int64_t index = 0;
};

/// A loaded object of one machine.
class Library {
public:
  /// Fails the test and stays empty where something goes wrong.
  Library(const std::string &text, const std::string &machine);
  ~Library();
  Library(const Library &) = delete;

  /// The function `name` of the module, for this machine; F is its C type, without workspace, call
  /// and slot.
  template <typename... Args> int operator()(const char *name, Args... args) {
    report = {};
    auto f = reinterpret_cast<int (*)(Args..., void *, void *, Report *)>(symbol(name));
    return f ? f(args..., workspace, nullptr, &report) : -1;
  }
  void *symbol(const std::string &name);

  Report report;
  void *workspace = nullptr;
  size_t objectBytes = 0;
  std::string assembly() const;

private:
  std::string machine, text;
  void *handle = nullptr;
};

/// The machines of the table that this CPU can run.
std::vector<std::string> runnableMachines();

/// The bytes of the output; kind 0 object, 1 assembly, 2 LLVM IR. Empty and a failed test where it
/// cannot be made.
std::string compileText(const std::string &text, const std::vector<std::string> &machines,
                        int kind);

/// A function of one kernel over the rows of x and y [m, n], at level thread; `body` is one row's.
std::string rows(const char *name, const char *type, const std::string &body);

/// Softmax over rows of f32.
std::string softmaxText();
