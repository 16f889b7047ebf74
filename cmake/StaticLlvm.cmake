# MLIR and LLVM from their archives: one program that needs neither libMLIR nor libLLVM, and starts in half the time.
#
# MLIR's archives name `LLVM`, the shared library, in their link interface. Linked as they are, a program that takes LLVM's
# archives too holds two copies of LLVM, each with half of the registries ("Pass … is not initialized"). So the name is replaced
# by the archives of the components that texprc uses. Defines TEXPR_MLIR. A linker takes only the members that are
# referenced, and drops unused sections of those: an archive too many costs nothing in the binary.

add_link_options(-Wl,--gc-sections -Wl,--as-needed -static-libstdc++ -static-libgcc)

llvm_map_components_to_libnames(TEXPR_LLVM_ARCHIVES
  core support targetparser analysis bitreader bitwriter irreader linker ipo passes codegen asmprinter mc mcparser target frontendopenmp
  x86codegen x86asmparser x86desc x86info aarch64codegen aarch64asmparser aarch64desc aarch64info aarch64utils)

get_property(imported_targets DIRECTORY PROPERTY IMPORTED_TARGETS)
foreach(archive ${imported_targets})
  get_target_property(needed ${archive} INTERFACE_LINK_LIBRARIES)
  if(needed AND "LLVM" IN_LIST needed)
    list(REMOVE_ITEM needed LLVM)
    list(APPEND needed ${TEXPR_LLVM_ARCHIVES})
    set_target_properties(${archive} PROPERTIES INTERFACE_LINK_LIBRARIES "${needed}")
  endif()
endforeach()

set(TEXPR_MLIR
  MLIRIR MLIRSupport MLIRParser MLIRBytecodeReader MLIRPass MLIRRewrite MLIRTransforms MLIRTransformUtils MLIRAnalysis MLIRPresburger
  MLIRAffineDialect MLIRArithDialect MLIRArithTransforms MLIRArithUtils MLIRControlFlowDialect MLIRFuncDialect MLIRFuncInlinerExtension
  MLIRLLVMDialect MLIRMathDialect MLIRSCFDialect MLIRUBDialect MLIRVectorDialect
  MLIRArithToLLVM MLIRControlFlowToLLVM MLIRFuncToLLVM MLIRLLVMCommonConversion MLIRMathToLLVM MLIRSCFToControlFlow MLIRUBToLLVM
  MLIRVectorToLLVM MLIRTargetLLVMIRExport MLIRBuiltinToLLVMIRTranslation MLIRLLVMToLLVMIRTranslation MLIROptLib
  ${TEXPR_LLVM_ARCHIVES})
