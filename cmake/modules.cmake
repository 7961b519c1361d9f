# One folder, one static library, one test program: idiolect_module(name LIBS …) takes every .cc of
# the calling folder; those that end in _test.cc become the program NAME_test, those that end in
# _fuzz.cc a libFuzzer program each (with IDIOLECT_FUZZ). PRECOMPILE names library headers that take
# seconds to read and that most of its files include. COLD: the module's time goes by in waiting for
# people and networks, so that optimising it fully costs minutes of compiling and gains nothing;
# COLD_SOURCES: the same of some of its files.
find_package(GTest REQUIRED)

add_custom_target(unit_tests)  # the test programs of all modules

if(IDIOLECT_FUZZ)
  add_custom_target(fuzzers)  # all of them
  # Coverage of the libraries, too: without it a fuzzer does not see what its inputs reach.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

function(idiolect_module name)
  cmake_parse_arguments(ARG "COLD" "" "LIBS;TEST_LIBS;PRECOMPILE;COLD_SOURCES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzzers ${sources})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz|main)\\.cc$")

  if(sources)
    add_library(idiolect_${name} STATIC ${sources})
    target_include_directories(idiolect_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(idiolect_${name} PUBLIC ${ARG_LIBS})
    if(ARG_PRECOMPILE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_precompile_headers(idiolect_${name} PRIVATE ${ARG_PRECOMPILE})
      # The first is for ccache. What GCC precompiles is no system header to it any more, and its
      # version 12 then sees overflows in the standard library's strings that are not there.
      target_compile_options(idiolect_${name} PRIVATE -fpch-preprocess -Wno-stringop-overflow
                                                      -Wno-array-bounds)
    endif()
    if(ARG_COLD)
      target_compile_options(idiolect_${name} PRIVATE $<$<CONFIG:Release>:-O1>)
    endif()
    if(ARG_COLD_SOURCES)
      set_source_files_properties(${ARG_COLD_SOURCES} PROPERTIES
        COMPILE_OPTIONS $<$<CONFIG:Release>:-O1>)
    endif()
  else()
    add_library(idiolect_${name} INTERFACE)
    target_include_directories(idiolect_${name} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(idiolect_${name} INTERFACE ${ARG_LIBS})
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    add_dependencies(unit_tests ${name}_test)
    target_link_libraries(${name}_test PRIVATE idiolect_${name} ${ARG_TEST_LIBS} GTest::gtest
                                               GTest::gtest_main)
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)  # compiled once, run once
    # Only where it is used: what names this folder cannot come from another clone's cache.
    foreach(test ${tests})
      file(STRINGS ${test} uses REGEX "IDIOLECT_SOURCE_DIR|test_paths\\.h")
      if(uses)
        set_source_files_properties(${test} PROPERTIES
          COMPILE_DEFINITIONS IDIOLECT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
      endif()
    endforeach()
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES LABELS unit)
  endif()

  if(IDIOLECT_FUZZ)
    foreach(source ${fuzzers})
      get_filename_component(fuzzer ${source} NAME_WE)
      add_executable(${fuzzer} ${source})
      add_dependencies(fuzzers ${fuzzer})
      target_link_libraries(${fuzzer} PRIVATE idiolect_${name})
      target_compile_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
      target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
      # A short run over the seeds in tests/corpus/NAME and what grows from them.
      add_test(NAME fuzz_${fuzzer} COMMAND ${PROJECT_SOURCE_DIR}/tools/fuzz_briefly.sh
        $<TARGET_FILE:${fuzzer}> ${PROJECT_SOURCE_DIR}/tests/corpus/${fuzzer})
      set_tests_properties(fuzz_${fuzzer} PROPERTIES LABELS fuzz)
    endforeach()
  endif()
endfunction()
