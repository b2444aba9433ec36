#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define SITE "site/"
#define MAX_TARGET 200

/* Turns %41 into A, %20 into a blank and so on; the result is never longer than the input. */
static void percent_decode(char *out, const char *in)
{
    for (; *in != '\0'; in++) {
        unsigned int byte = (unsigned char)*in;
        if (*in == '%' && isxdigit((unsigned char)in[1]) && sscanf(in, "%%%2x", &byte) == 1)
            in += isxdigit((unsigned char)in[2]) ? 2 : 1;
        *out++ = (char)byte;
    }
    *out = '\0';
}

/* Whether one of the parts between the slashes is "..". */
static int climbs(const char *path)
{
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length == 2 && memcmp(path, "..", 2) == 0)
            return 1;
        path += length + (path[length] == '/');
    }
    return 0;
}

/* Prints the page that a request names. Returns the status of the answer. */
int send_page(const char *target)
{
    char path[MAX_TARGET + 1], name[MAX_TARGET + sizeof(SITE)], line[256];

    if (strlen(target) > MAX_TARGET)
        return 414;
    if (climbs(target))
        return 403;
    percent_decode(path, target);
    snprintf(name, sizeof(name), SITE "%s", path);

    FILE *page = fopen(name, "r");
    if (page == NULL)
        return 404;
    while (fgets(line, sizeof(line), page))
        fputs(line, stdout);
    fclose(page);
    return 200;
}
