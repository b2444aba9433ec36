#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define WHOLE 10000
#define MAX_RATE 10000
#define MAX_DEPOSIT 1000000000000

/* The balance after one more year. The rate is in hundredths of a percent; -1 stands for a balance beyond all tables. */
static long grow(long balance, long rate)
{
    return balance > LONG_MAX / (WHOLE + rate) ? -1 : balance + balance * rate / WHOLE;
}

static int print_table(long deposit, long rate, long years)
{
    long balance = deposit;

    for (long year = 1; year <= years; year++) {
        balance = grow(balance, rate);
        if (balance < 0) {
            printf("%ld: beyond the table\n", year);
            return 1;
        }
        printf("%ld: %ld.%02ld\n", year, balance / 100, balance % 100);
    }
    return 0;
}

/* Usage: interest DEPOSIT RATE YEARS, the deposit in cents */
int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;

    long deposit = atol(argv[1]);
    long rate = atol(argv[2]);
    if (deposit < 0 || deposit > MAX_DEPOSIT || rate < 0 || rate > MAX_RATE) {
        puts("no such account");
        return 1;
    }
    return print_table(deposit, rate, atol(argv[3]));
}
