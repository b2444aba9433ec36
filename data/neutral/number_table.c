#include <stdio.h>

#define LARGEST 10

static unsigned greatest_common_divisor(unsigned a, unsigned b)
{
    while (b != 0) {
        unsigned rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static int digits_of(unsigned n)
{
    int digits = 1;

    for (; n >= 10; n /= 10) {
        digits += 1;
    }
    return digits;
}

static void print_rule(int columns, int width)
{
    for (int column = 0; column < columns; column++) {
        putchar('+');
        for (int dash = 0; dash < width + 2; dash++) {
            putchar('-');
        }
    }
    puts("+");
}

/* Products above the diagonal, common divisors on and below it. */
int main(void)
{
    int width = digits_of(LARGEST * LARGEST);

    print_rule(LARGEST, width);
    for (unsigned down = 1; down <= LARGEST; down++) {
        for (unsigned across = 1; across <= LARGEST; across++) {
            unsigned cell = across > down ? across * down : greatest_common_divisor(across, down);
            printf("| %*u ", width, cell);
        }
        puts("|");
        print_rule(LARGEST, width);
    }
    return 0;
}
