#include <stdbool.h>
#include <stdio.h>

static const char *const MONTH_NAMES[12] = {
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
};

static bool is_leap_year(int year)
{
    if (year % 400 == 0) {
        return true;
    }
    return year % 4 == 0 && year % 100 != 0;
}

static int days_in_month(int year, int month)
{
    switch (month) {
    case 2:
        return is_leap_year(year) ? 29 : 28;
    case 4:
    case 6:
    case 9:
    case 11:
        return 30;
    default:
        return 31;
    }
}

/* Monday is 0. Counts the days since 1 January of year 1, which was a Monday. */
static int weekday_of_first(int year, int month)
{
    int before = year - 1;
    int elapsed = before * 365 + before / 4 - before / 100 + before / 400;

    for (int earlier = 1; earlier < month; earlier++) {
        elapsed += days_in_month(year, earlier);
    }
    return elapsed % 7;
}

void print_calendar_page(int year, int month)
{
    int column = weekday_of_first(year, month);
    int last = days_in_month(year, month);

    printf("%s %d\n", MONTH_NAMES[(month - 1) % 12], year);
    printf("Mo Tu We Th Fr Sa Su\n");
    for (int gap = 0; gap < column; gap++) {
        printf("   ");
    }
    for (int day = 1; day <= last; day++) {
        printf("%2d%c", day, column == 6 || day == last ? '\n' : ' ');
        column = (column + 1) % 7;
    }
}
