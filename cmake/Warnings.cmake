# One interface target that carries the compiler's warnings and the sanitizers to everything we wrote.
add_library(sp_warnings INTERFACE)
target_compile_options(sp_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
  -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wdouble-promotion -Wimplicit-fallthrough
  -fno-common -fstack-protector-strong -D_GNU_SOURCE)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(sp_warnings INTERFACE -Wlogical-op -Wduplicated-cond -Wduplicated-branches)
endif()
if(SP_WERROR)
  target_compile_options(sp_warnings INTERFACE -Werror)
endif()
if(NOT SP_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(sp_warnings INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
# Forbidden functions (strcpy, sprintf, atoi ...) fail the build wherever they are named.
target_compile_options(sp_warnings INTERFACE -include ${CMAKE_SOURCE_DIR}/filters/base/banned.h)

add_compile_options(-fPIE)
add_link_options(-pie -Wl,-z,relro,-z,now)
if(SP_SANITIZE)
  add_compile_options(-fsanitize=${SP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${SP_SANITIZE})
endif()
if(SP_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
