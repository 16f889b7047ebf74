# lit's configuration: which files are tests, and where the tools are.
#
#   lit --param bin=BUILD/bin --param llvm=/usr/lib/llvm-22/bin tests/dialects
#
# `ctest` passes both. A test says `// REQUIRES: gpu` where it needs one.
import os
import shutil

import lit.formats

here = os.path.dirname(os.path.abspath(__file__))
config.name = "texpr"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["unit", "Inputs"]
config.test_source_root = here

tools = lit_config.params.get("bin", os.path.join(here, "..", "build", "bin"))
llvm = lit_config.params.get("llvm", "/usr/lib/llvm-22/bin")
config.test_exec_root = os.path.join(os.path.dirname(os.path.abspath(tools)), "tests", "lit")
config.environment["PATH"] = os.pathsep.join([os.path.abspath(tools), llvm, os.environ.get("PATH", "")])
config.environment["FILECHECK_OPTS"] = "--enable-var-scope --dump-input=fail --dump-input-context=10"
config.substitutions.append(("%python", shutil.which("python3") or "python3"))
config.substitutions.append(("%tests", here))
config.substitutions.append(("%root", os.path.dirname(here)))
if shutil.which("nvidia-smi"):
    config.available_features.add("gpu")
