/* Prints the scanner's own version; fails for anything but Intel Hyperscan 5.4.0 to 5.4.2. */
#include <hs.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    const char *v = hs_version();
    printf("%s", v);
    if (hs_valid_platform() != HS_SUCCESS)
        return 2;
    return strncmp(v, "5.4.0", 5) == 0 || strncmp(v, "5.4.1", 5) == 0 || strncmp(v, "5.4.2", 5) == 0 ? 0 : 1;
}
