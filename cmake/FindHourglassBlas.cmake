# CBLAS and LAPACKE, from OpenBLAS. Defines the target hourglass_blas.
#
# Distributions differ in where OpenBLAS puts cblas.h and whether it holds LAPACKE.
find_path(HOURGLASS_CBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas openblas-openmp openblas-pthread)
find_path(HOURGLASS_LAPACKE_INCLUDE lapacke.h PATH_SUFFIXES openblas lapacke)
find_library(HOURGLASS_OPENBLAS_LIBRARY openblas PATH_SUFFIXES openblas-openmp openblas-pthread)
find_library(HOURGLASS_LAPACKE_LIBRARY lapacke)
mark_as_advanced(HOURGLASS_CBLAS_INCLUDE HOURGLASS_LAPACKE_INCLUDE HOURGLASS_OPENBLAS_LIBRARY
                 HOURGLASS_LAPACKE_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  HourglassBlas REQUIRED_VARS HOURGLASS_OPENBLAS_LIBRARY HOURGLASS_CBLAS_INCLUDE
                              HOURGLASS_LAPACKE_INCLUDE)

if(HourglassBlas_FOUND AND NOT TARGET hourglass_blas)
  add_library(hourglass_blas INTERFACE IMPORTED)
  target_include_directories(hourglass_blas INTERFACE ${HOURGLASS_CBLAS_INCLUDE}
                                                      ${HOURGLASS_LAPACKE_INCLUDE})
  target_link_libraries(hourglass_blas INTERFACE ${HOURGLASS_OPENBLAS_LIBRARY})
  if(HOURGLASS_LAPACKE_LIBRARY) # where OpenBLAS holds LAPACKE itself there may be none
    target_link_libraries(hourglass_blas INTERFACE ${HOURGLASS_LAPACKE_LIBRARY})
  endif()
endif()
