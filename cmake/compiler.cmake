# The compiler of record is clang-19 with libstdc++. Chosen before project(), so that plain
# `cmake -B build` works too.
if(NOT DEFINED CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CXX})
  find_program(POSTHASTE_CLANGXX NAMES clang++-19)
  find_program(POSTHASTE_CLANG NAMES clang-19)
  if(POSTHASTE_CLANGXX)
    set(CMAKE_CXX_COMPILER ${POSTHASTE_CLANGXX})
    set(CMAKE_C_COMPILER ${POSTHASTE_CLANG})
  endif()
endif()

function(check_compiler)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
    message(FATAL_ERROR
      "gcc ${CMAKE_CXX_COMPILER_VERSION} destroys temporaries twice in statements with co_await and would "
      "corrupt memory silently. Install clang-19 and try again:\n"
      "  apt-get install clang-19 libclang-rt-19-dev")
  endif()
endfunction()
