# Writes OUT, the C++ source behind RuntimeBitcode.h: each file of MODULES as bytes, HASH, and the shared block of ABI.
set(arrays "")
set(cases "")
foreach(module ${MODULES})
  get_filename_component(arch ${module} NAME_WE)
  file(READ ${module} hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "alignas(8) const unsigned char ${arch}[] = {\n${bytes}};\n")
  string(APPEND cases "  if (arch == \"${arch}\")\n    return {reinterpret_cast<const char *>(${arch}), sizeof ${arch}};\n")
endforeach()

file(READ ${ABI} abi)
string(FIND "${abi}" "#ifndef TEXPR_ABI_1" begin)
string(SUBSTRING "${abi}" ${begin} -1 abi)

file(WRITE ${OUT} "// Written by runtime/Embed.cmake.
#include \"runtime/RuntimeBitcode.h\"
namespace {
${arrays}} // namespace
std::string_view texpr::runtime::bitcode(std::string_view arch) {
${cases}  return {};
}
std::string_view texpr::runtime::prefix() { return \"tx_rt_${HASH}_\"; }
std::string_view texpr::runtime::abiText() { return R\"abi(${abi})abi\"; }
")
