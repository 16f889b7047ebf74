// .npy: what is written is read back, what NumPy writes is read, and what is damaged is refused
// with its reason.
#include "compiler/reference/Npy.h"
#include <gtest/gtest.h>

using namespace texpr;
using namespace texpr::reference;
using K = ScalarKind;

namespace {

std::string file(std::string header, std::string data, char major = 1) {
  header += '\n';
  std::string out = "\x93NUMPY";
  out += {major, '\0', static_cast<char>(header.size()), static_cast<char>(header.size() >> 8)};
  if (major > 1)
    out += {'\0', '\0'};
  return out + header + data;
}

TEST(Npy, EveryKindAndRankComesBack) {
  for (K k : {K::F64, K::F32, K::F16, K::BF16, K::I8, K::I16, K::I32, K::I64, K::U8, K::U16, K::U32,
              K::U64, K::Bool})
    for (Shape shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{3, 0, 2}}) {
      Array a(k, shape);
      for (size_t b = 0; b < a.bytes.size(); ++b)
        a.bytes[b] = k == K::Bool ? b % 2 : static_cast<uint8_t>(37 * b + 1);
      const std::string bytes = formatNpy(a);
      EXPECT_EQ((bytes.size() - a.bytes.size()) % 64, 0u);
      NpyArray back = parseNpy(bytes, k);
      ASSERT_TRUE(back.array) << back.error;
      EXPECT_EQ(back.array->kind, k);
      EXPECT_EQ(back.array->shape, shape);
      EXPECT_EQ(back.array->bytes, a.bytes);
    }
}

TEST(Npy, HeadersAsNumpyWritesThem) {
  const std::string two("\1\0\0\0\2\0\0\0", 8);
  NpyArray a = parseNpy(file("{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }   ", two));
  ASSERT_TRUE(a.array) << a.error;
  EXPECT_EQ(a.array->get(1), integer(K::I32, 2));
  // Version 2, keys in another order; one axis in Fortran order is in C order too.
  a = parseNpy(file("{'shape': (2,), 'fortran_order': True, 'descr': '<f4'}", two, 2));
  ASSERT_TRUE(a.array) << a.error;
  EXPECT_EQ(a.array->kind, K::F32);
}

TEST(Npy, RefusalsSayWhy) {
  const std::string data(8, '\0');
  auto why = [](std::string bytes, std::optional<K> k = {}) { return parseNpy(bytes, k).error; };
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  EXPECT_EQ(why(file(good, data)), "");
  EXPECT_NE(why("").find("not a .npy file"), std::string::npos);
  EXPECT_NE(why("PNG").find("not a .npy file"), std::string::npos);
  EXPECT_NE(why(file(good, data, 9)).find("version 9"), std::string::npos);
  EXPECT_NE(why(file(good, data.substr(1))).find("truncated: 7 bytes"), std::string::npos);
  EXPECT_NE(why(file(good, data + "x")).find("too long"), std::string::npos);
  EXPECT_NE(why(file(good, data).substr(0, 30)).find("truncated within"), std::string::npos);
  EXPECT_NE(why(file(good, data), K::F64).find("f64 expected"), std::string::npos);
  EXPECT_NE(
      why(file("{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}", data)).find("little"),
      std::string::npos);
  EXPECT_NE(
      why(file("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", data)).find("no type"),
      std::string::npos);
  EXPECT_NE(
      why(file("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1)}", data)).find("Fortran"),
      std::string::npos);
  EXPECT_NE(why(file("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", data))
                .find("impossible"),
            std::string::npos);
  EXPECT_NE(
      why(file("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999)}",
               data))
          .find("impossible"),
      std::string::npos);
  EXPECT_NE(why(file("{'descr': '<f4'}", data)).find("dictionary"), std::string::npos);
  EXPECT_NE(why(file("{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}", "\2")).find("bool"),
            std::string::npos);
}

TEST(Npy, EveryTruncationIsRefused) {
  Array a(K::I16, {3});
  const std::string bytes = formatNpy(a);
  for (size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(parseNpy(bytes.substr(0, n)).array) << n;
}

TEST(Npy, FilesOnDisk) {
  const std::string path = ::testing::TempDir() + "texpr-npy-test.npy";
  Array a(K::U8, {2});
  a.set(1, integer(K::U8, 200));
  EXPECT_FALSE(writeNpy(path, a));
  EXPECT_EQ(readNpy(path).array->get(1), integer(K::U8, 200));
  EXPECT_NE(readNpy(path + ".none").error.find("No such file"), std::string::npos);
  EXPECT_TRUE(writeNpy("/no/such/folder/x.npy", a));
  std::remove(path.c_str());
}

} // namespace
