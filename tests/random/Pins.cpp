// Draws pins and keeps those that are obeyed.
//
// In: a program that the checker accepted. Out: its text with attributes inserted before the bodies of its forms. A pin that
// makes no sense where it stands is refused by texprc at its place, by line and column: it is taken away, and the program tried
// again. A program that fails otherwise keeps its pins, so that the run that follows finds the fault.
#include "tests/random/Pins.h"
#include "compiler/source/Pinned.h"
#include "tests/random/Object.h"
#include <algorithm>
#include <fstream>

namespace texpr::random {

namespace {

struct Drawn {
  uint32_t at; // in the plain text
  std::string text;
  bool isGone = false;
  size_t order = 0;
};

class Drawer {
public:
  Drawer(const Case &c, uint64_t seed) : c(c), dice(seed) {}

  std::vector<Drawn> draw() {
    for (const auto &fn : c.checked->program.program->fns) {
      if (!fn->typeArgs.empty() || fn->range.file != 0)
        continue;
      current = fn.get();
      eachPinned(*fn->body, [&](const PinnedForm &form) { drawFor(form); });
    }
    return std::move(out);
  }

private:
  std::string number(int64_t n) { return std::to_string(n); }
  std::string power(unsigned most) { return number(int64_t(1) << dice.below(most + 1)); }

  std::vector<std::string> axesOf(const PinnedForm &form) {
    std::vector<std::string> names;
    if (form.binders)
      for (const auto &binder : *form.binders)
        if (binder && binder->name.text != "_")
          names.push_back(binder->name.text);
    return names;
  }

  std::string sizes(const std::vector<std::string> &axes, int64_t most) {
    std::string text;
    for (const std::string &axis : axes)
      if (text.empty() || dice.percent(60))
        text += (text.empty() ? "" : ", ") + axis + " = " + number(dice.between(1, most));
    return text;
  }

  std::string store(const std::vector<std::string> &axes) {
    switch (dice.below(3)) {
    case 0:
      return "@inline";
    case 1:
      return "@materialize";
    default:
      return axes.empty() ? "@materialize" : "@keep(" + dice.pick(axes) + ")";
    }
  }

  std::string grain() {
    if (dice.percent(50))
      return "@grain(" + number(dice.between(1, 9)) + ")";
    return "@grain(work = " + number(dice.between(1, 4000)) +
           ", tasks = " + number(dice.between(1, 9)) + ")";
  }

  /// Of some form; what does not fit is refused, and goes.
  std::string algorithm() {
    const std::string least = "least = " + number(dice.between(1, 5)),
                      tasks = ", tasks = " + number(dice.between(1, 6));
    switch (dice.below(7)) {
    case 0:
      return "@algo(serial)";
    case 1:
      return "@algo(columns)";
    case 2:
      return "@algo(chunks, " + least + tasks + ")";
    case 3:
      return "@algo(copies, " + least + tasks + ")";
    case 4:
      return "@algo(owners, walk = 1, work = 9, block = " + number(dice.between(1, 5)) + ", " +
             least + tasks + ")";
    case 5:
      return "@algo(merge, run = " + power(3) + ", piece = " + power(4) + ")";
    default:
      return "@algo(list, each = 1, longest = " + number(dice.between(1, 6)) + ", " + least +
             tasks + ")";
    }
  }

  /// A dim that a call brings, as a class of its small sizes.
  std::string classes() {
    for (const DimBinding &dim : current->dims)
      if (dim.how == DimBinding::How::Axis && dice.percent(70))
        return "@class(" + dim.decl->name.text + " <= " + number(dice.between(0, 6)) +
               ") @class(all)";
    return "";
  }

  /// A copy of what the loop reads: a parameter of an exported function by its name, or any tensor by its number.
  std::string stage() {
    std::string tensor = number(dice.between(1, 3));
    if (!current->isLocal && !current->params.empty() && dice.percent(60))
      tensor = current->params[dice.below(current->params.size())].decl->name.text;
    static const std::vector<std::string> places = {"", ", stack", ", workspace"};
    std::string least = dice.percent(20) ? ", least = " + number(dice.between(1, 6)) : "";
    std::string place = least.empty() ? dice.pick(places) : ", stack";
    return "@stage(" + tensor + place + least + ")";
  }

  void add(const PinnedForm &form, const std::string &pin) {
    const uint32_t at =
        form.isBeforeBrace ? c.function.text.find('{', form.insertAt) : form.insertAt;
    if (!pin.empty())
      out.push_back({at, pin});
  }

  void drawFor(const PinnedForm &form) {
    if (!form.attrs->empty())
      return;
    if (!form.isCompute && dice.percent(40))
      add(form, algorithm());
    if (form.isBeforeBrace)
      return;
    std::vector<std::string> axes = axesOf(form);
    if (form.isCompute && !current->isLocal && dice.percent(8))
      add(form, classes());
    if (form.isCompute && dice.percent(40))
      add(form, store(axes));
    if (dice.percent(35))
      add(form, "@vector(" + power(5) + ")");
    if (dice.percent(25))
      add(form, dice.percent(30)   ? "@unroll"
                : dice.percent(20) ? "@unroll(none)"
                                   : "@unroll(" + power(3) + ")");
    if (dice.percent(25))
      add(form, grain());
    if (!axes.empty() && dice.percent(30)) {
      std::string text = sizes(axes, 9);
      add(form, dice.percent(25) ? "@tile(thread, " + text + ")" : "@tile(" + text + ")");
    }
    if (!axes.empty() && dice.percent(25))
      add(form, stage());
    if (axes.size() > 1 && dice.percent(20)) {
      std::vector<std::string> order = axes;
      std::swap(order.front(), order.back());
      std::string text;
      for (const std::string &axis : order)
        text += (text.empty() ? "" : ", ") + axis;
      add(form, "@order(" + text + ")");
    }
  }

  const Case &c;
  Dice dice;
  const FnDecl *current = nullptr;
  std::vector<Drawn> out;
};

/// The text with the pins that are left, and the line and column of each.
std::string assemble(const std::string &plain, const std::vector<Drawn> &pins,
                     std::vector<std::string> &places) {
  std::string text;
  size_t at = 0;
  places.assign(pins.size(), "");
  for (size_t k = 0; k < pins.size(); ++k) {
    if (pins[k].isGone)
      continue;
    text += plain.substr(at, pins[k].at - at);
    at = pins[k].at;
    const size_t line = std::count(text.begin(), text.end(), '\n') + 1;
    const size_t begin = text.rfind('\n');
    const size_t column = text.size() - (begin == std::string::npos ? 0 : begin + 1) + 1;
    places[k] = ":" + std::to_string(line) + ":" + std::to_string(column) + ": error: ";
    text += pins[k].text + " ";
  }
  return text + plain.substr(at);
}

} // namespace

std::string withPins(const Case &c, uint64_t seed, const std::string &texprc,
                     const std::string &folder, PinTally &tally) {
  const std::string &plain = c.function.text;
  std::vector<Drawn> pins = Drawer(c, seed).draw();
  for (size_t k = 0; k < pins.size(); ++k)
    pins[k].order = k;
  std::sort(pins.begin(), pins.end(), [](const Drawn &x, const Drawn &y) {
    return std::pair(x.at, x.order) < std::pair(y.at, y.order);
  });
  tally.drawn += pins.size();
  const std::string path = folder + "/pinned.tx";
  for (unsigned round = 0; round < 12; ++round) {
    std::vector<std::string> places;
    const std::string text = assemble(plain, pins, places);
    std::ofstream(path) << text;
    bool isRefused = false;
    for (const char *level : {"-O2", "-O0"}) {
      const Outcome made = runProgram({texprc, path, "-o", folder + "/pinned.o", level}, 60);
      if (made.code != 1)
        continue;
      for (size_t k = 0; k < pins.size(); ++k)
        if (!pins[k].isGone && made.output.find(path + places[k]) != std::string::npos) {
          pins[k].isGone = isRefused = true;
          ++tally.refused;
        }
      if (!isRefused)
        return text; // some other error: the run shows it
      break;
    }
    if (!isRefused)
      return text;
  }
  return plain;
}

} // namespace texpr::random
