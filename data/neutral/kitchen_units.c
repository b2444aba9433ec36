#include <stdio.h>

enum dimension { VOLUME, MASS };

struct unit {
    const char *symbol;
    enum dimension dimension;
    double in_base; /* millilitres or grams */
};

static const struct unit TEASPOON = {"tsp", VOLUME, 4.929};
static const struct unit TABLESPOON = {"tbsp", VOLUME, 14.787};
static const struct unit CUP = {"cup", VOLUME, 236.588};
static const struct unit DECILITRE = {"dl", VOLUME, 100.0};
static const struct unit OUNCE = {"oz", MASS, 28.350};
static const struct unit POUND = {"lb", MASS, 453.592};

static double celsius(double fahrenheit)
{
    return (fahrenheit - 32.0) * 5.0 / 9.0;
}

static void show(double amount, struct unit from, struct unit to)
{
    if (from.dimension != to.dimension) {
        printf("%s and %s measure different things\n", from.symbol, to.symbol);
        return;
    }
    printf("%6.2f %-4s = %8.2f %s\n", amount, from.symbol, amount * from.in_base / to.in_base, to.symbol);
}

int main(void)
{
    show(3.0, TEASPOON, TABLESPOON);
    show(2.5, CUP, DECILITRE);
    show(12.0, OUNCE, POUND);
    show(1.0, POUND, CUP);
    for (int oven = 300; oven <= 450; oven += 25) {
        printf("%d F is %.0f C\n", oven, celsius(oven));
    }
    return 0;
}
