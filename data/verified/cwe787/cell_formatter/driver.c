/* Prints the amount on each line of standard input: CURRENCY CENTS. */
#include HALF

int main(void)
{
    char line[128], currency[64];
    unsigned long long cents;

    while (fgets(line, sizeof line, stdin))
        if (sscanf(line, "%63s %llu", currency, &cents) == 2)
            print_amount(currency, cents);
    return 0;
}
