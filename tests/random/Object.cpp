// Compiles a batch of cases and calls them in a child process.
//
// In: cases with inputs and expected results. Out: mismatches. One source file and one object a
// level for the whole batch, since texprc's start is what costs; where the batch does not compile,
// each case is compiled alone to name the guilty one. The child says which call it is about to
// make, so that a crash or a hang has a name; it is then started again after it.
#include "tests/random/Object.h"
#include "tests/random/Call.h"
#include <csignal>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace texpr::random {

/// All that can be read from `fd`.
static std::string drain(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, n);
  close(fd);
  return text;
}

static int codeOf(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Outcome runProgram(const std::vector<std::string> &arguments, unsigned seconds) {
  int ends[2];
  if (pipe(ends))
    return {127, "no pipe"};
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    dup2(ends[1], 2);
    close(ends[0]);
    close(ends[1]);
    alarm(seconds); // kept across exec
    std::vector<char *> argv;
    for (const std::string &a : arguments)
      argv.push_back(const_cast<char *>(a.c_str()));
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  close(ends[1]);
  std::string output = drain(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return {codeOf(status), std::move(output)};
}

static void writeFile(const std::string &path, const std::string &text) {
  std::ofstream(path) << text;
}

namespace {

/// A call of the batch: which case, which run, how many workers.
struct Step {
  size_t index;
  size_t run;
  int workers;
};

class Batch {
public:
  Batch(const std::vector<const Case *> &cases, const Tools &tools) : cases(cases), tools(tools) {}

  std::vector<Mismatch> run() {
    std::string source, shims = "#include <stdint.h>\n";
    for (const Case *c : cases) {
      source += c->function.text;
      shims += shimText(*c->checked, c->function.name);
    }
    writeFile(tools.folder + "/batch.tx", source);
    writeFile(tools.folder + "/shim.c", shims);
    const Outcome cc = runProgram(
        {"cc", "-shared", "-fPIC", "-o", tools.folder + "/shim.so", tools.folder + "/shim.c"}, 60);
    if (cc.code != 0)
      return {{0, "the shim does not compile: " + cc.output}};
    for (const std::string &level : tools.levels)
      runLevel(level);
    return std::move(mismatches);
  }

private:
  void report(size_t index, const std::string &text) {
    for (const Mismatch &m : mismatches)
      if (m.index == index)
        return;
    mismatches.push_back({index, text});
  }

  Outcome compile(const std::string &level, const std::string &object) {
    return runProgram({tools.texprc, tools.folder + "/batch.tx", "--emit=so", "-o", object, level},
                      120);
  }

  void runLevel(const std::string &level) {
    const std::string object = tools.folder + "/batch" + level + ".so";
    const Outcome made = compile(level, object);
    if (made.code != 0) {
      if (cases.size() == 1)
        return report(0, level + ": texprc ends with " + std::to_string(made.code) + ": " +
                             made.output);
      return alone(level);
    }
    std::vector<Step> steps;
    for (size_t i = 0; i < cases.size(); ++i)
      for (size_t r = 0; r < cases[i]->runs.size(); ++r)
        for (int workers : tools.workers)
          steps.push_back({i, r, workers});
    for (size_t at = 0; at < steps.size();)
      at = child(steps, at, level, object);
  }

  /// Each case of the batch as a batch of its own.
  void alone(const std::string &level) {
    Tools narrow = tools;
    narrow.levels = {level};
    narrow.folder += "/alone";
    mkdir(narrow.folder.c_str(), 0700);
    for (size_t i = 0; i < cases.size(); ++i)
      for (const Mismatch &m : Batch({cases[i]}, narrow).run())
        report(i, m.text);
  }

  /// Makes the calls from `at` on; gives the place to go on from: the end, or after a call that
  /// killed the child.
  size_t child(const std::vector<Step> &steps, size_t at, const std::string &level,
               const std::string &object) {
    int ends[2];
    if (pipe(ends))
      return steps.size();
    const pid_t pid = fork();
    if (pid == 0) {
      close(ends[0]);
      alarm(60);
      calls(steps, at, object, ends[1]);
      _exit(0);
    }
    close(ends[1]);
    const std::string said = drain(ends[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    size_t last = at;
    for (size_t begin = 0;
         begin < said.size() && (codeOf(status) != cannotOpen || cases.size() == 1);) {
      const size_t end = said.find('\n', begin);
      const std::string line = said.substr(begin, end - begin);
      begin = end == std::string::npos ? said.size() : end + 1;
      if (line[0] == '@')
        last = std::stoul(line.substr(1));
      else
        report(steps[last].index, where(steps[last], level) + line.substr(1));
    }
    if (codeOf(status) == cannotOpen && cases.size() > 1) {
      alone(level);
      return steps.size();
    }
    if (codeOf(status) == 0 || codeOf(status) == cannotOpen)
      return steps.size();
    report(steps[last].index,
           where(steps[last], level) + "the call ends with " +
               (codeOf(status) > 128 ? std::string(strsignal(codeOf(status) - 128)) : "an exit"));
    return last + 1;
  }

  /// A message from its last `: ` on, without the path of the folder.
  static std::string tail(const std::string &message) {
    const size_t at = message.rfind(": ");
    return message.substr(at == std::string::npos ? 0 : at + 2);
  }

  static std::string where(const Step &step, const std::string &level) {
    return level + ", run " + std::to_string(step.run) + ", " + std::to_string(step.workers) +
           " workers: ";
  }

  void calls(const std::vector<Step> &steps, size_t at, const std::string &object, int out) {
    auto say = [&](const std::string &line) {
      const ssize_t written = write(out, (line + "\n").data(), line.size() + 1);
      (void)written; // a parent that is gone needs no news
    };
    auto open = [&](const std::string &path) {
      void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (!library)
        say("!" + tail(dlerror()));
      return library;
    };
    say("@" + std::to_string(at));
    void *code = open(object), *shims = open(tools.folder + "/shim.so");
    if (!code || !shims)
      _exit(cannotOpen);
    for (size_t s = at; s < steps.size(); ++s) {
      say("@" + std::to_string(s));
      const Case &c = *cases[steps[s].index];
      const std::string &name = c.function.name;
      auto call = reinterpret_cast<Shim>(dlsym(shims, ("call_" + name).c_str()));
      auto query = reinterpret_cast<Shim>(dlsym(shims, ("workspace_" + name).c_str()));
      void *entry = dlsym(code, name.c_str());
      void *queryEntry = dlsym(code, (name + "_workspace").c_str());
      if (!entry || !queryEntry) {
        say("!no symbol " + name + " or " + name + "_workspace");
        continue;
      }
      if (auto wrong =
              callEntry(c, c.runs[steps[s].run], call, query, entry, queryEntry, steps[s].workers))
        say("!" + *wrong);
    }
  }

  static constexpr int cannotOpen = 77; // the child's exit code where an object does not load
  const std::vector<const Case *> cases;
  const Tools &tools;
  std::vector<Mismatch> mismatches;
};

} // namespace

std::vector<Mismatch> runObjects(const std::vector<const Case *> &cases, const Tools &tools) {
  return Batch(cases, tools).run();
}

} // namespace texpr::random
