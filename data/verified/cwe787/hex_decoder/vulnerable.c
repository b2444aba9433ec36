#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* Decodes a hex string of a document. When the last digit stands alone, a zero is
 * read behind it. Returns bytes for the caller to free, or NULL. */
uint8_t *decode_hex(const char *text, size_t *size)
{
    size_t digits = strlen(text);
    if (digits == 0)
        return NULL;

    uint8_t *bytes = malloc(digits / 2);
    if (bytes == NULL)
        return NULL;

    for (size_t i = 0; i < digits; i += 2) {
        int high = digit_value(text[i]);
        int low = i + 1 < digits ? digit_value(text[i + 1]) : 0;

        if (high < 0 || low < 0) {
            free(bytes);
            return NULL;
        }
        bytes[i / 2] = (uint8_t)(high * 16 + low);
    }
    *size = (digits + 1) / 2;
    return bytes;
}
