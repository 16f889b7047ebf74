// random-programs: draws programs, and holds compiled code against the interpreter.
//
//   random-programs --count 300 --seed 1 --texprc build/bin/texprc   each at -O0 and -O2, with 1
//   and 2 workers random-programs --count 300 --seed 1 --interpret-only            generator,
//   checker and interpreter alone random-programs --show 7 --seed 1 prints program 7 and its inputs
//   random-programs --replay p.tx --texprc …                         the inputs are drawn by --seed
//   again
//
// --pins draws attributes on the forms of each program, which must not change its results.
// --coverage prints forms by types, and fails where one was never drawn.
//
// A failure is shrunk and written to a folder (--out, default random-failures): NAME.tx and
// NAME.txt with the inputs. Exit code: 0 all agree, 1 some do not, 2 the command line is wrong.
#include "tests/random/Coverage.h"
#include "tests/random/Object.h"
#include "tests/random/Pins.h"
#include "tests/random/Shrink.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <unistd.h>

using namespace texpr;
using namespace texpr::random;

namespace {

struct Settings {
  unsigned count = 300, runs = 3, batch = 10, shrinkSeconds = 60;
  uint64_t seed = 1;
  std::string texprc, out = "random-failures", replay;
  std::optional<unsigned> show;
  bool interpretOnly = false, coverage = false, pins = false;
};

std::optional<Settings> parseArguments(int argc, char **argv) {
  Settings s;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--interpret-only" || name == "--coverage" || name == "--pins") {
      (name == "--coverage" ? s.coverage : name == "--pins" ? s.pins : s.interpretOnly) = true;
      continue;
    }
    if (i + 1 == argc)
      return std::nullopt;
    const std::string value = argv[++i];
    auto number = [&] { return static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10)); };
    if (name == "--count")
      s.count = number();
    else if (name == "--seed")
      s.seed = number();
    else if (name == "--runs")
      s.runs = number();
    else if (name == "--batch")
      s.batch = std::max(1u, number());
    else if (name == "--shrink")
      s.shrinkSeconds = number();
    else if (name == "--texprc")
      s.texprc = value;
    else if (name == "--out")
      s.out = value;
    else if (name == "--replay")
      s.replay = value;
    else if (name == "--show")
      s.show = number();
    else
      return std::nullopt;
  }
  if (s.texprc.empty() && !s.show)
    s.interpretOnly = true;
  return s;
}

uint64_t mixed(uint64_t seed, uint64_t number) { return Dice(seed * 1000003 + number).next(); }

class Session {
public:
  Session(const Settings &settings, const std::string &folder) : settings(settings) {
    tools.texprc = settings.texprc;
    tools.folder = folder;
  }

  /// Program `number`: the first draw that the checker accepts and that has an exact run.
  std::optional<Case> draw(unsigned number) {
    for (unsigned attempt = 0; attempt < 40; ++attempt) {
      const uint64_t seed = mixed(settings.seed, uint64_t(number) * 64 + attempt);
      Case c;
      c.function = generateFunction(seed, "p" + std::to_string(number));
      ++tally.drawn;
      std::string why;
      c.checked = checkText(c.function.text, why);
      if (!c.checked) {
        ++tally.rejected;
        tally.reasons.push_back(why.substr(0, why.find('\n')));
        if (std::getenv("SHOW_REJECTED"))
          std::cerr << why << c.function.text << "----\n";
        continue;
      }
      if (auto wrong = interpretCase(c, seed, settings.runs, tally)) {
        fail(c, seed, *wrong);
        return std::nullopt;
      }
      seeds[number] = seed;
      if (c.runs.empty())
        continue;
      coverage.add(*c.checked->program.program);
      return c;
    }
    return std::nullopt;
  }

  /// Draws pins on the forms: results must not change.
  void pin(Case &c, unsigned number) {
    if (!settings.interpretOnly)
      c.function.text = withPins(c, seeds[number] + 1, settings.texprc, tools.folder, pinTally);
  }

  void runBatch(const std::vector<Case> &cases, const std::vector<unsigned> &numbers) {
    if (settings.interpretOnly || cases.empty())
      return;
    std::vector<const Case *> pointers;
    for (const Case &c : cases)
      pointers.push_back(&c);
    for (const Mismatch &m : runObjects(pointers, tools))
      fail(cases[m.index], seeds[numbers[m.index]], m.text);
  }

  /// Whether `text` fails too: in the interpreter, or compiled and called alone.
  std::optional<std::string> failure(const std::string &text, const GeneratedFunction &like,
                                     uint64_t seed, const std::string &level = "") {
    Case c;
    c.function = like;
    c.function.text = text;
    std::string why;
    c.checked = checkText(text, why);
    if (!c.checked || c.checked->fn->name.text != like.name)
      return std::nullopt;
    Tally ignored;
    if (auto wrong = interpretCase(c, seed, settings.runs, ignored))
      return wrong;
    if (c.runs.empty() || settings.interpretOnly)
      return std::nullopt;
    Tools narrow = tools;
    if (!level.empty())
      narrow.levels = {level};
    std::vector<Mismatch> found = runObjects({&c}, narrow);
    if (found.empty())
      return std::nullopt;
    std::string inputs;
    for (const Run &run : c.runs)
      inputs += describeInputs(*c.checked, run) + "\n";
    return found[0].text + "\n" + inputs;
  }

  void fail(const Case &c, uint64_t seed, const std::string &what) {
    ++failures;
    std::cout << "FAIL " << c.function.name << " (seed " << settings.seed << "): " << what << "\n";
    // A shrunk program must fail in the same way: by a wrong result, or by an error of the same
    // words.
    const std::string kind = kindOf(what);
    // One of a kind is shrunk; and a companion would have to follow.
    const bool isNew = c.function.companion.empty() && kinds[kind]++ == 0;
    const std::string level = what.substr(0, 2) == "-O" ? what.substr(0, 3) : "";
    const std::string small = shrink(
        c.function.text,
        [&](const std::string &text) {
          auto wrong = failure(text, c.function, seed, level);
          return wrong && kindOf(*wrong) == kind;
        },
        isNew ? settings.shrinkSeconds : 0);
    std::filesystem::create_directories(settings.out);
    const std::string base = settings.out + "/" + c.function.name;
    std::ofstream(base + ".tx") << small;
    std::ofstream(base + ".full.tx") << c.function.text;
    const auto now = failure(small, c.function, seed, level);
    std::ofstream(base + ".txt") << "seed " << seed << "\n" << (now ? *now : what) << "\n";
    std::cout << small << (now ? now->substr(0, now->find('\n')) : "") << "\n" << std::flush;
  }

  int summary() const {
    std::map<std::string, unsigned> reasons;
    for (const std::string &reason : tally.reasons)
      ++reasons[reason.substr(std::min(reason.size(), reason.find("error: ")))];
    std::cout << settings.count << " programs, seed " << settings.seed << ": " << failures
              << " failures; drawn " << tally.drawn << ", refused by the checker " << tally.rejected
              << ", inputs drawn again: inexact " << tally.inexact << ", too long " << tally.fuel
              << ", contract " << tally.contract << ", data " << tally.data << "\n";
    if (settings.pins)
      std::cout << "pins: " << pinTally.drawn << " drawn, " << pinTally.refused << " refused\n";
    if (std::getenv("SHOW_REASONS"))
      for (const auto &[reason, count] : reasons)
        std::cout << count << " x " << reason << "\n";
    return settings.coverage ? showCoverage() : failures ? 1 : 0;
  }

  /// The table; a form or type that was never drawn is a failure.
  int showCoverage() const {
    std::cout << coverage.table();
    const std::vector<std::string> missing = coverage.missing();
    for (const std::string &name : missing)
      std::cout << "never drawn: " << name << "\n";
    return failures || !missing.empty() ? 1 : 0;
  }

private:
  /// The words of a failure, without its place and numbers.
  static std::string kindOf(const std::string &what) {
    if (what.find(": got ") != std::string::npos)
      return "value";
    std::string kind;
    const size_t line = what.find('\n'), second = what.find('\n', line + 1);
    for (char ch : what.substr(0, line == std::string::npos ? line : second))
      if (!isdigit(ch))
        kind += ch;
    const size_t op =
        kind.find("' op "); // an operation that MLIR refuses: its words, without the place
    return op == std::string::npos ? kind.substr(0, 60) : kind.substr(op);
  }

  const Settings &settings;
  Tools tools;
  Tally tally;
  PinTally pinTally;
  Coverage coverage;
  std::map<unsigned, uint64_t> seeds;
  std::map<std::string, unsigned> kinds; // of failures
  unsigned failures = 0;
};

int replay(Session &session, const Settings &settings) {
  std::ifstream in(settings.replay);
  std::stringstream text;
  text << in.rdbuf();
  std::string why;
  auto checked = checkText(text.str(), why);
  if (!checked) {
    std::cout << why;
    return 1;
  }
  GeneratedFunction fn;
  fn.name = checked->fn->name.text;
  const auto wrong = session.failure(text.str(), fn, settings.seed);
  std::cout << (wrong ? *wrong : "agrees") << "\n";
  return wrong ? 1 : 0;
}

} // namespace

int main(int argc, char **argv) {
  const auto settings = parseArguments(argc, argv);
  if (!settings) {
    std::cerr
        << "usage: random-programs [--count N] [--seed S] [--runs R] [--batch B] [--texprc PATH] "
           "[--interpret-only] [--coverage] [--pins]\n       [--out DIR] [--shrink SECONDS] "
           "[--show K] "
           "[--replay "
           "FILE.tx]\n";
    return 2;
  }
  std::string folder = (std::filesystem::temp_directory_path() / "random-programs-XXXXXX").string();
  if (!mkdtemp(folder.data())) {
    std::cerr << "no temporary folder\n";
    return 2;
  }
  Session session(*settings, folder);
  int code = 0;
  if (settings->show) {
    auto c = session.draw(*settings->show);
    if (c)
      std::cout << c->function.text;
    for (size_t r = 0; c && r < c->runs.size(); ++r)
      std::cout << "\n// run " << r << "\n" << describeInputs(*c->checked, c->runs[r]);
  } else if (!settings->replay.empty()) {
    code = replay(session, *settings);
  } else {
    for (unsigned begin = 0; begin < settings->count; begin += settings->batch) {
      std::vector<Case> cases;
      std::vector<unsigned> numbers;
      for (unsigned n = begin; n < std::min(begin + settings->batch, settings->count); ++n)
        if (auto c = session.draw(n)) {
          if (settings->pins)
            session.pin(*c, n);
          cases.push_back(std::move(*c));
          numbers.push_back(n);
        }
      session.runBatch(cases, numbers);
    }
    code = session.summary();
  }
  std::filesystem::remove_all(folder);
  return code;
}
