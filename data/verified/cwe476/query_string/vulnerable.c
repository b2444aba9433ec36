#define _GNU_SOURCE
#include <string.h>

struct parameter {
    const char *name;
    const char *value;
};

/* Splits "name=value&name=value" in place; at most size parameters are taken. Returns how many there are. */
int read_query(char *query, struct parameter *parameters, int size)
{
    int count = 0;

    while (*query != '\0' && count < size) {
        char *end = strchrnul(query, '&');
        char *next = *end == '&' ? end + 1 : end;

        *end = '\0';
        char *value = strchr(query, '=');

        if (*value == '=')
            *value++ = '\0';
        for (char *plus = value; (plus = strchr(plus, '+')) != NULL; plus++)
            *plus = ' ';
        parameters[count].name = query;
        parameters[count++].value = value;
        query = next;
    }
    return count;
}
