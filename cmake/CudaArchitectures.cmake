# Which GPUs to compile for, unless CMAKE_CUDA_ARCHITECTURES says so: those that answer, else every
# generation from Ampere on that this toolkit knows, plus PTX for those it does not: then
# HOURGLASS_CUDA_CODE names one PTX and what nvcc makes of it. Both are empty if GPUs answer and the toolkit
# compiles for none of them; HOURGLASS_ARCHITECTURES_FROM says why. HOURGLASS_CUDA_ARCHITECTURES is what
# there is code for, in CMake's words either way, and HOURGLASS_GPUS the GPUs that answer.
set(HOURGLASS_ARCHITECTURES_FROM "as given")
set(HOURGLASS_CUDA_CODE)
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES AND DEFINED ENV{CUDAARCHS})
  set(CMAKE_CUDA_ARCHITECTURES $ENV{CUDAARCHS})
endif()

# CMake's "native" fails on a machine without a GPU, where nothing answers.
execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
                RESULT_VARIABLE _smi_result OUTPUT_VARIABLE _smi_output ERROR_QUIET)
if(_smi_result EQUAL 0)
  string(REGEX MATCHALL "[0-9]+\\.[0-9]+" HOURGLASS_GPUS "${_smi_output}")
  string(REPLACE "." "" HOURGLASS_GPUS "${HOURGLASS_GPUS}")
  list(REMOVE_DUPLICATES HOURGLASS_GPUS)
else()
  set(HOURGLASS_GPUS)
endif()

if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES OR CMAKE_CUDA_ARCHITECTURES STREQUAL "native")
  if(HOURGLASS_GPUS)
    execute_process(COMMAND ${CUDAToolkit_NVCC_EXECUTABLE} --list-gpu-arch OUTPUT_VARIABLE _known)
    string(REGEX MATCHALL "[0-9]+" _known "${_known}")
    list(SORT _known COMPARE NATURAL)
    set(CMAKE_CUDA_ARCHITECTURES "") # without a value the cache's would show again
    set(HOURGLASS_ARCHITECTURES_FROM "the GPUs that answer")
    foreach(_gpu IN LISTS HOURGLASS_GPUS)
      set(_target) # the newest that nvcc knows and this GPU can run
      foreach(_candidate IN LISTS _known)
        if(_candidate LESS_EQUAL _gpu)
          set(_target ${_candidate})
        endif()
      endforeach()
      if(_target EQUAL _gpu)
        list(APPEND CMAKE_CUDA_ARCHITECTURES ${_gpu}-real)
      elseif(_target) # the driver compiles PTX for GPUs that are newer than it
        list(APPEND CMAKE_CUDA_ARCHITECTURES ${_target}-virtual)
        string(APPEND HOURGLASS_ARCHITECTURES_FROM "; ${_gpu} by PTX, unknown to this nvcc")
      else()
        string(APPEND HOURGLASS_ARCHITECTURES_FROM "; not ${_gpu}, too old for this nvcc")
      endif()
    endforeach()
    list(REMOVE_DUPLICATES CMAKE_CUDA_ARCHITECTURES)
  else()
    # 8.9 runs 8.6's code: the same multiprocessor to these kernels. One PTX, as two thirds of
    # nvcc's time go into making it, and no kernel asks for more than Ampere has.
    set(CMAKE_CUDA_ARCHITECTURES OFF)
    set(HOURGLASS_CUDA_CODE compute_80 sm_80 sm_86 sm_90)
    if(CUDAToolkit_VERSION VERSION_GREATER_EQUAL 12.8)
      list(APPEND HOURGLASS_CUDA_CODE sm_100 sm_120)
    endif()
    set(HOURGLASS_ARCHITECTURES_FROM "no GPU answers: every generation")
  endif()
endif()

set(HOURGLASS_CUDA_ARCHITECTURES ${CMAKE_CUDA_ARCHITECTURES})
if(HOURGLASS_CUDA_CODE)
  string(REGEX REPLACE "compute_([^;]+)" "\\1-virtual" HOURGLASS_CUDA_ARCHITECTURES
                       "${HOURGLASS_CUDA_CODE}")
  string(REGEX REPLACE "sm_([^;]+)" "\\1-real" HOURGLASS_CUDA_ARCHITECTURES
                       "${HOURGLASS_CUDA_ARCHITECTURES}")
endif()
