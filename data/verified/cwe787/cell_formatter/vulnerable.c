#include <stdio.h>
#include <string.h>

#define COLUMN_WIDTH 20
#define TEXT_SIZE 24
#define DIGITS_SIZE 32

/* Writes 1234567 cents as 12,345.67. */
static void group_digits(char digits[DIGITS_SIZE], unsigned long long cents)
{
    char plain[DIGITS_SIZE];
    int length = snprintf(plain, sizeof(plain), "%llu", cents / 100);

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *digits++ = ',';
        *digits++ = plain[i];
    }
    snprintf(digits, 4, ".%02llu", cents % 100);
}

/* Prints an amount of money as a cell of its column, as crosses where it is too wide. */
void print_amount(const char *currency, unsigned long long cents)
{
    char digits[DIGITS_SIZE];
    char text[TEXT_SIZE];

    group_digits(digits, cents);
    strcpy(text, currency);
    strcat(text, " ");
    strcat(text, digits);
    int width = (int)strlen(text);

    printf("|%*s|\n", COLUMN_WIDTH, width > COLUMN_WIDTH ? "####" : text);
}
