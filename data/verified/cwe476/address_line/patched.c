#include <stddef.h>
#include <string.h>

struct address {
    const char *street;
    const char *postcode;
    const char *town;
};

static int is_postcode(const char *text)
{
    size_t length = strspn(text, "0123456789");

    return length == 5 && text[length] == '\0';
}

/* Splits "STREET, POSTCODE TOWN" in place. Returns 1, or 0 when the line is written in another way. */
int split_address(char *line, struct address *address)
{
    char *rest = line;

    address->street = strsep(&rest, ",");
    if (rest == NULL)
        return 0;
    rest += strspn(rest, " ");
    address->postcode = strsep(&rest, " ");
    address->town = rest;
    return address->town != NULL && is_postcode(address->postcode);
}
