#include <limits.h>
#include <stdio.h>

#define NAME_SIZE 25

/* Adds an item to the total, which is in cents and stays within an int.
 * Returns 0, or -1 when the item is refused. */
static int add_item(int *total, int quantity, int price)
{
    if (quantity < 1 || price < 0)
        return -1;
    if ((long)quantity * price > INT_MAX - *total)
        return -1;
    *total += quantity * price;
    return 0;
}

/* Reads items, one a line, as NAME QUANTITY PRICE, and prints the invoice. */
int main(void)
{
    char name[NAME_SIZE];
    int quantity, price, total = 0;

    while (scanf("%24s %d %d", name, &quantity, &price) == 3) {
        if (add_item(&total, quantity, price) != 0) {
            printf("%s cannot be billed\n", name);
            return 1;
        }
        printf("%-24s %7d x %d.%02d\n", name, quantity, price / 100, price % 100);
    }
    printf("total %d.%02d\n", total / 100, total % 100);
    return 0;
}
