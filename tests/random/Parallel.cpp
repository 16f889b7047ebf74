// The parallel level: buffers, par and seq, stores and updates, in patterns without races.
//
// In: the scope. Out: statements; each buffer that is fully written comes into scope as a tensor.
#include "tests/random/Writer.h"

namespace texpr::random {

using K = ScalarKind;

static std::string typeText(ScalarKind k, const std::vector<Extent> &shape) {
  std::string text = spelling(k);
  for (size_t axis = 0; axis < shape.size(); ++axis)
    text += (axis ? ", " : "[") + shape[axis].text();
  return shape.empty() ? text : text + "]";
}

/// `t: T; par … { t[i, j] = e; }`, now and then followed by updates.
std::string Writer::bufferAndLoop() {
  const K k = drawKind();
  const std::vector<Extent> shape = drawShape(2);
  const std::string name = fresh("b");
  std::string axes, binders, at, text;
  Piece value;
  {
    Scope scope(*this);
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      const std::string i = fresh("i");
      axes += (axis ? ", " : "") + shape[axis].text();
      binders += (axis ? ", " : "") + i;
      indicesInScope.push_back({i, shape[axis]});
    }
    loops += static_cast<unsigned>(shape.size());
    std::string inner;
    if (dice.percent(25))
      inner = "  " + letScalar();
    value = scalar(k, 3);
    loops -= static_cast<unsigned>(shape.size());
    const bool isFilled = dice.percent(25);
    text = "  " + name + ": " + typeText(k, shape) +
           (isFilled ? " = " + literal(k, false).text : "") + ";\n";
    const bool isGuarded = isFilled && dice.percent(50);
    const std::string store = name + "[" + binders + "] = " + value.text + ";";
    text += "  par " + axes + " |" + binders + "| {\n" + inner + "    " +
            (isGuarded ? "if " + scalar(K::Bool, 1).text + " { " + store + " }" : store) +
            "\n  }\n";
  }
  tensorsInScope.push_back({name, k, shape, std::max(value.bits, 5), {}, false});
  if (dice.percent(30))
    text += update(tensorsInScope.back());
  return text;
}

std::string Writer::update(const Tensor &t) {
  if (t.kind == K::Bool)
    return "";
  std::string axes, binders;
  Scope scope(*this);
  const Tensor target = t;
  for (size_t axis = 0; axis < target.shape.size(); ++axis) {
    const std::string i = fresh("i");
    axes += (axis ? ", " : "") + target.shape[axis].text();
    binders += (axis ? ", " : "") + i;
    indicesInScope.push_back({i, target.shape[axis]});
  }
  // The target itself is out of scope: another element of it would be a race.
  std::vector<Tensor> hidden;
  std::swap(hidden, tensorsInScope);
  for (const Tensor &other : hidden)
    if (other.name != target.name)
      tensorsInScope.push_back(other);
  static const std::vector<std::string> floats = {" += ", " -= ", " *= "};
  static const std::vector<std::string> ints = {" += ", " -= ", " *= ", " &= ", " |= ", " ^= "};
  const std::string op = isFloat(target.kind) ? dice.pick(floats) : dice.pick(ints);
  loops += 2;
  const std::string value = term(target.kind, 2, precision(target.kind)).text;
  loops -= 2;
  std::swap(hidden, tensorsInScope);
  tensorsInScope.back().bits = anyBits;
  return "  par " + axes + " |" + binders + "| { " + target.name + "[" + binders + "]" + op +
         value + "; }\n";
}

/// Each element from the one before, in order.
std::string Writer::recurrence() {
  K k = drawKind();
  if (k == K::Bool)
    k = K::F32;
  const std::string name = fresh("b"), j = fresh("j"), n = dice.pick(dims);
  std::string value;
  {
    Scope scope(*this);
    indicesInScope.push_back({j, {Extent::Kind::Name, n, "", 0}});
    loops += 2;
    value = scalar(k, 2).text;
    loops -= 2;
  }
  tensorsInScope.push_back({name, k, {{Extent::Kind::Name, n, "", 0}}, anyBits, {}, false});
  return "  " + name + ": " + spelling(k) + "[" + n + "] = " + literal(k, false).text +
         ";\n  seq 1.." + n + " |" + j + "| { " + name + "[" + j + "] = " + name + "[" + j +
         " - 1] + " + value + "; }\n";
}

/// A row of its own in each iteration, written by one par and read by the next.
std::string Writer::rows() {
  const K k = drawKind();
  const std::string m = dice.pick(dims), n = dice.pick(dims);
  const Extent em{Extent::Kind::Name, m, "", 0}, en{Extent::Kind::Name, n, "", 0};
  const std::string name = fresh("b"), row = fresh("r"), i = fresh("i"), j = fresh("j"),
                    l = fresh("j");
  std::string text = "  " + name + ": " + typeText(k, {em, en}) + ";\n  par " + m + " |" + i +
                     "| {\n    " + row + ": " + spelling(k) + "[" + n + "];\n";
  Piece value;
  {
    Scope scope(*this);
    indicesInScope.push_back({i, em});
    loops += 2;
    {
      Scope inner(*this);
      indicesInScope.push_back({j, en});
      text +=
          "    par " + n + " |" + j + "| { " + row + "[" + j + "] = " + scalar(k, 2).text + "; }\n";
    }
    tensorsInScope.push_back({row, k, {en}, anyBits, {}, false});
    if (dice.percent(30)) {
      text += "    " + name + "[" + i + "] = " + row + ";\n  }\n";
    } else {
      indicesInScope.push_back({l, en});
      value = scalar(k, 2);
      text += "    par " + n + " |" + l + "| { " + name + "[" + i + ", " + l +
              "] = " + (dice.percent(50) ? row + "[" + n + " - 1 - " + l + "]" : value.text) +
              "; }\n  }\n";
    }
    loops -= 2;
  }
  tensorsInScope.push_back({name, k, {em, en}, anyBits, {}, false});
  return text;
}

/// Two stores an iteration, to the even and to the odd elements.
std::string Writer::strided() {
  const K k = drawKind();
  const std::string n = dice.pick(dims), name = fresh("b"), i = fresh("i");
  const Extent twice{Extent::Kind::Twice, n, "", 0};
  std::string even, odd;
  {
    Scope scope(*this);
    indicesInScope.push_back({i, {Extent::Kind::Name, n, "", 0}});
    loops += 2;
    even = scalar(k, 2).text;
    odd = scalar(k, 2).text;
    loops -= 2;
  }
  tensorsInScope.push_back({name, k, {twice}, anyBits, {}, false});
  const std::string start = dice.percent(90) ? " = " + literal(k, false).text : "";
  return "  " + name + ": " + typeText(k, {twice}) + start + ";\n  par " + n + " |" + i +
         "| {\n    " + name + "[2 * " + i + "] = " + even + ";\n    " + name + "[2 * " + i +
         " + 1] = " + odd + ";\n  }\n";
}

/// A scalar buffer that a seq adds to, once an iteration of a par.
std::string Writer::accumulator() {
  K k = drawKind();
  if (k == K::Bool)
    k = K::I32;
  const std::string m = dice.pick(dims), n = dice.pick(dims);
  const Extent em{Extent::Kind::Name, m, "", 0}, en{Extent::Kind::Name, n, "", 0};
  const std::string name = fresh("b"), s = fresh("q"), i = fresh("i"), j = fresh("j");
  std::string value, cond;
  {
    Scope scope(*this);
    indicesInScope.push_back({i, em});
    indicesInScope.push_back({j, en});
    loops += 2;
    value = term(k, 2, precision(k)).text;
    cond = scalar(K::Bool, 1).text;
    loops -= 2;
  }
  const std::string step = s + " += " + value + ";";
  tensorsInScope.push_back({name, k, {em}, anyBits, {}, false});
  return "  " + name + ": " + typeText(k, {em}) + ";\n  par " + m + " |" + i + "| {\n    " + s +
         ": " + spelling(k) + " = " + literal(k, false).text + ";\n    seq " + n + " |" + j +
         "| { " + (dice.percent(40) ? "if " + cond + " { " + step + " }" : step) + " }\n    " +
         name + "[" + i + "] = " + s + ";\n  }\n";
}

/// Steps of a stencil between two buffers.
std::string Writer::stepped() {
  static const std::vector<K> kinds = {K::F32, K::F64, K::I32, K::I64, K::F16};
  const K k = dice.pick(kinds);
  const std::string n = dice.pick(dims), a = fresh("b"), b = fresh("b"), t = fresh("t"),
                    i = fresh("i"), j = fresh("i");
  const Extent en{Extent::Kind::Name, n, "", 0};
  const Piece init = tensor(k, {en}, 1);
  tensorsInScope.push_back({a, k, {en}, anyBits, {}, false});
  const std::string zero = isFloat(k) ? "0.0" : "0";
  const std::string type = typeText(k, {en});
  return "  " + a + ": " + type + " = " + init.text + ";\n  " + b + ": " + type + " = " + zero +
         ";\n  seq " + std::to_string(1 + dice.below(4)) + " |" + t + "| {\n    par " + n + " |" +
         i + "| { " + b + "[" + i + "] = (" + a + "[" + i + " - 1] else " + literal(k).text +
         ") + " + a + "[" + i + "]; }\n    par " + n + " |" + j + "| { " + a + "[" + j +
         "] = " + b + "[" + n + " - 1 - " + j + "]; }\n  }\n";
}

std::string Writer::parallelBody() {
  std::string text;
  for (unsigned more = 1 + dice.below(3); more > 0; --more) {
    budget += 15;
    switch (dice.below(9)) {
    case 0:
      text += recurrence();
      break;
    case 1:
      text += rows();
      break;
    case 2:
      text += strided();
      break;
    case 3:
      text += accumulator();
      break;
    case 4:
      text += stepped();
      break;
    case 5:
      text += letTensor();
      break;
    default:
      text += bufferAndLoop();
    }
  }
  return text;
}

} // namespace texpr::random
