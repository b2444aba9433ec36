#include <math.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    double x;
    double y;
} point_t;

static double distance(point_t from, point_t to)
{
    return hypot(to.x - from.x, to.y - from.y);
}

/* Twice the signed area of the triangle: above zero where the corner turns left. */
static double cross(point_t origin, point_t a, point_t b)
{
    return (a.x - origin.x) * (b.y - origin.y) - (a.y - origin.y) * (b.x - origin.x);
}

double perimeter(const point_t *corners, size_t count)
{
    double length = 0.0;

    for (size_t corner = 0; corner < count; corner++) {
        length += distance(corners[corner], corners[(corner + 1) % count]);
    }
    return length;
}

double enclosed_area(const point_t *corners, size_t count)
{
    const point_t zero = {0.0, 0.0};
    double doubled = 0.0;

    for (size_t corner = 0; corner < count; corner++) {
        doubled += cross(zero, corners[corner], corners[(corner + 1) % count]);
    }
    return fabs(doubled) / 2.0;
}

bool is_convex(const point_t *corners, size_t count)
{
    bool left = false;
    bool right = false;

    for (size_t corner = 0; corner < count; corner++) {
        double turn = cross(corners[corner], corners[(corner + 1) % count], corners[(corner + 2) % count]);
        left = left || turn > 0.0;
        right = right || turn < 0.0;
    }
    return !(left && right);
}
