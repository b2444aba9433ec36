#include <string.h>

#define LOCAL_MAX 64
#define DOMAIN_MAX 255

struct address {
    char domain[DOMAIN_MAX + 1];
    char local[LOCAL_MAX + 1];
};

/* Splits a mail address at its last @ sign. Returns 0, or -1 when it has a part that is empty or too long. */
int split_address(const char *text, struct address *address)
{
    const char *at = strrchr(text, '@');

    if (at == NULL)
        return -1;

    size_t local_length = (size_t)(at - text);
    size_t domain_length = strlen(at + 1);
    if (local_length == 0 || local_length > LOCAL_MAX)
        return -1;
    if (domain_length == 0 || domain_length > DOMAIN_MAX)
        return -1;

    memcpy(address->local, text, local_length);
    address->local[local_length] = '\0';
    memcpy(address->domain, at + 1, domain_length);
    address->domain[domain_length] = '\0';
    return 0;
}
