# Writes OUT, a C++ file that gives the texts of FILES by their names: cmake -DOUT=… -DFILES=a;b -P Embed.cmake
set(text "// Written when texprc is built, from compiler/source/std/.\n#include \"compiler/source/Modules.h\"\n
const std::vector<std::pair<std::string, std::string>> &texpr::library() {\n  static const std::vector<std::pair<std::string, std::string>> files = {\n")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  file(READ ${file} content)
  string(APPEND text "      {\"std/${name}\", R\"tx(${content})tx\"},\n")
endforeach()
string(APPEND text "  };\n  return files;\n}\n")
file(WRITE ${OUT} "${text}")
