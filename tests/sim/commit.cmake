# Writes the commit of a source tree into a file, which is touched only if that has changed.
# Called as: cmake -D SOURCE=<source dir> -D OUT=<file> -P commit.cmake
cmake_minimum_required(VERSION 3.25)
set(commit unknown)
find_program(git git)
if(git)
  set(ENV{GIT_OPTIONAL_LOCKS} 0)
  # A tarball that was unpacked inside of somebody else's repository is not that repository's commit.
  execute_process(COMMAND ${git} -C ${SOURCE} rev-parse --show-prefix OUTPUT_VARIABLE prefix RESULT_VARIABLE outside OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(outside EQUAL 0 AND prefix STREQUAL "")
    execute_process(COMMAND ${git} -C ${SOURCE} describe --always --abbrev=40 --exclude=* --dirty OUTPUT_VARIABLE described RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(failed EQUAL 0)
      set(commit ${described})
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT "static constexpr char flotilla_commit[] = \"@commit@\";\n" @ONLY)
