# Finds FFTW 3 in single precision, with threads (OpenMP's, else its own). Defines FFTW::fftw3f.
find_path(FFTW_INCLUDE_DIR fftw3.h)
find_library(FFTW_LIBRARY fftw3f)
find_library(FFTW_THREADS_LIBRARY NAMES fftw3f_omp fftw3f_threads)
mark_as_advanced(FFTW_INCLUDE_DIR FFTW_LIBRARY FFTW_THREADS_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(FFTW REQUIRED_VARS FFTW_LIBRARY FFTW_THREADS_LIBRARY
                                                     FFTW_INCLUDE_DIR)

if(FFTW_FOUND AND NOT TARGET FFTW::fftw3f)
  add_library(FFTW::fftw3f INTERFACE IMPORTED)
  target_include_directories(FFTW::fftw3f INTERFACE ${FFTW_INCLUDE_DIR})
  target_link_libraries(FFTW::fftw3f INTERFACE ${FFTW_THREADS_LIBRARY} ${FFTW_LIBRARY})
endif()
