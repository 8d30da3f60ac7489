/* banned.h: force-included everywhere; naming one of these functions is a compile error. */
#ifndef FLT_BANNED_H
#define FLT_BANNED_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atoll atof gmtime localtime asctime ctime

#endif
