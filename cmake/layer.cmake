# posthaste_layer(NAME SRCS … DEPS … LIBS … TESTS … FUZZ … BENCH …)
#
# One static library a layer; one test program a layer, linked with that layer and those below
# alone, so that a call upward does not link. DEPS are layers (public), LIBS third-party targets
# (private: their headers stay in the layer's own sources). Sources are listed, never globbed.

# The one precompiled header: the standard library and fmt, nothing of ours.
set(POSTHASTE_PCH
  <algorithm> <array> <chrono> <coroutine> <cstdint> <expected> <functional> <map> <memory> <mutex>
  <optional> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h>)

add_library(posthaste_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cc)
target_link_libraries(posthaste_pch PUBLIC fmt::fmt)
target_precompile_headers(posthaste_pch PRIVATE ${POSTHASTE_PCH})

function(posthaste_layer NAME)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;LIBS;TESTS;TEST_LIBS;FUZZ" ${ARGN})
  set(deps ${ARG_DEPS})
  list(TRANSFORM deps PREPEND posthaste_)
  add_library(posthaste_${NAME} STATIC ${ARG_SRCS})
  target_include_directories(posthaste_${NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(posthaste_${NAME} PUBLIC ${deps} fmt::fmt PRIVATE ${ARG_LIBS})
  target_precompile_headers(posthaste_${NAME} REUSE_FROM posthaste_pch)

  if(POSTHASTE_TESTS AND ARG_TESTS)
    add_executable(${NAME}_test ${ARG_TESTS})
    target_link_libraries(${NAME}_test PRIVATE posthaste_${NAME} ${ARG_TEST_LIBS} GTest::gmock GTest::gtest_main)
    target_precompile_headers(${NAME}_test REUSE_FROM posthaste_pch)
    add_test(NAME unit.${NAME} COMMAND ${NAME}_test --gtest_brief=1)
    set_tests_properties(unit.${NAME} PROPERTIES LABELS unit TIMEOUT 300)
  endif()
  if(POSTHASTE_FUZZ)
    foreach(source ${ARG_FUZZ})
      get_filename_component(target ${source} NAME_WE)
      add_executable(${target} ${source})
      target_link_libraries(${target} PRIVATE posthaste_${NAME})
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
      set_property(GLOBAL APPEND PROPERTY POSTHASTE_FUZZERS ${target})
    endforeach()
  endif()
endfunction()
