# Which GPUs to compile for, unless CMAKE_CUDA_ARCHITECTURES says so: the one that answers, else every
# generation from Ampere on that this toolkit knows, plus PTX for those it does not.
set(HOURGLASS_ARCHITECTURES_FROM "as given")
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES AND DEFINED ENV{CUDAARCHS})
  set(CMAKE_CUDA_ARCHITECTURES $ENV{CUDAARCHS})
endif()

# CMake's "native" fails on a machine without a GPU, where nothing answers.
execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
                RESULT_VARIABLE _smi_result OUTPUT_VARIABLE _smi_output ERROR_QUIET)
if(_smi_result EQUAL 0)
  string(REGEX MATCHALL "[0-9]+\\.[0-9]+" _gpus "${_smi_output}")
  string(REPLACE "." "" _gpus "${_gpus}")
  list(REMOVE_DUPLICATES _gpus)
else()
  set(_gpus)
endif()

if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES OR CMAKE_CUDA_ARCHITECTURES STREQUAL "native")
  if(_gpus)
    list(TRANSFORM _gpus APPEND "-real")
    set(CMAKE_CUDA_ARCHITECTURES ${_gpus})
    set(HOURGLASS_ARCHITECTURES_FROM "the GPU that answers")
  else()
    set(CMAKE_CUDA_ARCHITECTURES 80 86-real 89-real 90-real) # 80 without -real: its PTX too
    if(CUDAToolkit_VERSION VERSION_GREATER_EQUAL 12.8)
      list(APPEND CMAKE_CUDA_ARCHITECTURES 100-real 120-real)
    endif()
    set(HOURGLASS_ARCHITECTURES_FROM "no GPU answers: every generation")
  endif()
endif()
