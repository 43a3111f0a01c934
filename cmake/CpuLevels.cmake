# For which processors the CPU target is compiled: for this machine's, or once for each level of
# x86-64, of which the program takes the best at run time, or for whatever the compiler's default is.
#
# HOURGLASS_CPU_LEVELS  the levels, empty unless there are several to choose from at run time
# HOURGLASS_CPU_SPACES  a namespace for each compilation: HOURGLASS_TARGET
# HOURGLASS_CPU_FLAGS   compiler options for each, or none

set(_level_names x86-64 x86-64-v2 x86-64-v3 x86-64-v4)
set(_levels ${HOURGLASS_CPU_LEVELS})
if(_levels STREQUAL DEFAULT)
  set(_levels x86-64-v2 x86-64-v3 x86-64-v4)
  if(HOURGLASS_SANITIZE) # they take their time, and look at one level as well as at three
    set(_levels)
  endif()
endif()
if(HOURGLASS_NATIVE OR NOT HOURGLASS_CPU)
  set(_levels)
endif()

if(_levels)
  # What a processor runs is asked from the compiler's own library; and levels are kept apart by
  # GNU's tools (cmake/cpu).
  include(CheckCXXSourceCompiles)
  check_cxx_source_compiles("int main() { return __builtin_cpu_supports(\"x86-64-v4\"); }"
                            HOURGLASS_COMPILER_KNOWS_LEVELS)
  execute_process(COMMAND ${CMAKE_LINKER} --help OUTPUT_VARIABLE _linker_help ERROR_QUIET)
  if(NOT HOURGLASS_COMPILER_KNOWS_LEVELS OR NOT CMAKE_OBJCOPY
     OR NOT _linker_help MATCHES "--force-group-allocation")
    if(NOT HOURGLASS_CPU_LEVELS STREQUAL DEFAULT)
      message(FATAL_ERROR "HOURGLASS_CPU_LEVELS wants a compiler that knows the levels of x86-64 "
                          "(GCC 11, clang 18), and GNU's ld and objcopy")
    endif()
    set(_levels)
  endif()
endif()

set(HOURGLASS_CPU_SPACES)
set(HOURGLASS_CPU_FLAGS)
set(HOURGLASS_CPU_LEVEL_LIST) # for the generated header
set(_at_least 0)
foreach(_level IN LISTS _levels)
  list(FIND _level_names ${_level} _place)
  if(_place LESS _at_least)
    message(FATAL_ERROR "HOURGLASS_CPU_LEVELS is ${HOURGLASS_CPU_LEVELS}; expected some of "
                        "${_level_names}, ascending")
  endif()
  math(EXPR _at_least "${_place} + 1")
  string(MAKE_C_IDENTIFIER ${_level} _space)
  list(APPEND HOURGLASS_CPU_SPACES cpu::${_space})
  list(APPEND HOURGLASS_CPU_FLAGS -march=${_level})
  string(APPEND HOURGLASS_CPU_LEVEL_LIST
         " \\\n  LEVEL(cpu::${_space}, \"${_level}\", __builtin_cpu_supports(\"${_level}\"))")
endforeach()
list(JOIN _levels ", " cpu_levels_report)
set(HOURGLASS_CPU_LEVELS "${_levels}") # without a value the cache's would show again

if(HOURGLASS_CPU AND NOT _levels)
  set(HOURGLASS_CPU_SPACES cpu)
  set(_only default)
  if(HOURGLASS_NATIVE)
    set(HOURGLASS_CPU_FLAGS -march=native)
    set(_only native)
  endif()
  set(HOURGLASS_CPU_LEVEL_LIST " LEVEL(cpu, \"${_only}\", true)")
  set(cpu_levels_report "the compiler's ${_only} processor")
endif()
configure_file(cmake/cpu_levels.hpp.in generated/target/cpu_levels.hpp @ONLY)
