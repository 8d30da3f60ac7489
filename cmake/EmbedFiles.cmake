# sp_embed_files(<name> <symbol> <files...>): makes a C file that holds the files' bytes as
#   const struct flt_embedded <symbol>[] (path, bytes, length; ended by a NULL path), and sets <name>_SRC to it.
function(sp_embed_files name symbol)
  set(out ${CMAKE_BINARY_DIR}/generated/${name}.c)
  set(list ${CMAKE_BINARY_DIR}/generated/${name}.list)
  string(REPLACE ";" "\n" lines "${ARGN}")
  file(WRITE ${list}.new "${lines}\n")
  configure_file(${list}.new ${list} COPYONLY)
  set(deps)
  foreach(f ${ARGN})
    list(APPEND deps ${CMAKE_SOURCE_DIR}/${f})
  endforeach()
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DLIST=${list} -DROOT=${CMAKE_SOURCE_DIR} -DOUT=${out} -DSYMBOL=${symbol}
            -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${list} ${deps} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  set(${name}_SRC ${out} PARENT_SCOPE)
endfunction()
