#include <stdlib.h>
#include <string.h>

static size_t escaped_length(const char *text)
{
    size_t length = 0;

    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&': length += 5; break;
        case '<': length += 4; break;
        case '>': length += 4; break;
        default: length += 1;
        }
    }
    return length;
}

static char *put(char *at, const char *piece, size_t length)
{
    memcpy(at, piece, length);
    return at + length;
}

/* Returns the text ready to stand in an XML attribute; the caller frees it. */
char *escape_attribute(const char *text)
{
    char *escaped = malloc(escaped_length(text) + 1);
    char *at = escaped;

    if (escaped == NULL)
        return NULL;
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&': at = put(at, "&amp;", 5); break;
        case '<': at = put(at, "&lt;", 4); break;
        case '>': at = put(at, "&gt;", 4); break;
        case '"': at = put(at, "&quot;", 6); break;
        default: at = put(at, text, 1);
        }
    }
    *at = '\0';
    return escaped;
}
