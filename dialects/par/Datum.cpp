// Values of the interpreter: encoding of elements in bytes, and which bytes were written.
//
// In: an element type and a number of the interpreter (an integer, or a double, which holds every float type exactly). Out: the bytes
// that an object would store, rounded to the type; reading back a byte that was never written gives nothing.
#include "dialects/par/Interpreter.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"

using namespace mlir;

namespace texpr::par {

Datum Datum::ofInteger(int64_t v) {
  Datum d;
  d.integer = v;
  return d;
}

Datum Datum::ofReal(double v) {
  Datum d;
  d.real = v;
  return d;
}

Datum Datum::ofArray(Type element, ArrayRef<int64_t> extents) {
  Datum d;
  d.element = element;
  d.extents.assign(extents.begin(), extents.end());
  d.storage = std::make_shared<Storage>(size_t(d.count() * bytesOf(element)));
  return d;
}

int64_t Datum::count() const {
  int64_t n = 1;
  for (int64_t e : extents)
    n *= e;
  return n;
}

int64_t bytesOf(Type element) {
  return element.isIndex() ? 8 : (element.getIntOrFloatBitWidth() + 7) / 8;
}

int64_t Datum::elementBytes() const { return bytesOf(element); }

double roundTo(Type type, double v) {
  if (type.isF64())
    return v;
  if (type.isF32())
    return float(v);
  bool lost;
  APFloat f(v);
  f.convert(cast<FloatType>(type).getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
  return f.convertToDouble();
}

static APInt encode(Type element, const Datum &value) {
  auto type = dyn_cast<FloatType>(element);
  if (!type)
    return APInt(64, uint64_t(value.integer), /*isSigned=*/true);
  bool lost;
  APFloat f(value.real);
  f.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
  return f.bitcastToAPInt().zextOrTrunc(64);
}

static Datum decode(Type element, uint64_t raw) {
  if (auto type = dyn_cast<FloatType>(element)) {
    APFloat f(type.getFloatSemantics(), APInt(type.getWidth(), raw));
    return Datum::ofReal(f.convertToDouble());
  }
  unsigned width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  if (width == 1)
    return Datum::ofInteger(raw & 1);
  return Datum::ofInteger(APInt(64, raw).trunc(width).sext(64).getSExtValue());
}

std::optional<Datum> Datum::get(int64_t linear) const {
  int64_t size = elementBytes(), at = offset + linear * size;
  uint64_t raw = 0;
  for (int64_t i = 0; i < size; ++i) {
    if (!storage->written[at + i])
      return std::nullopt;
    raw |= uint64_t(storage->bytes[at + i]) << (8 * i);
  }
  return decode(element, raw);
}

void Datum::set(int64_t linear, const Datum &value) {
  int64_t size = elementBytes(), at = offset + linear * size;
  uint64_t raw = encode(element, value).getZExtValue();
  for (int64_t i = 0; i < size; ++i) {
    storage->bytes[at + i] = uint8_t(raw >> (8 * i));
    storage->written[at + i] = true;
  }
}

} // namespace texpr::par
