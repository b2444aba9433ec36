#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_SIDE 100000

struct matrix {
    size_t rows, columns;
    double *cells;
};

/* Reads the number of rows, the number of columns and then the cells, row by row. Returns 0, or -1 when there is no
 * matrix; release it in both cases. */
int load_matrix(FILE *file, struct matrix *matrix)
{
    double cell;

    matrix->cells = NULL;
    if (fscanf(file, "%6zu %6zu", &matrix->rows, &matrix->columns) != 2)
        return -1;
    if (matrix->rows - 1 >= MAX_SIDE || matrix->columns - 1 >= MAX_SIDE)
        return -1;

    size_t count = matrix->rows * matrix->columns;

    matrix->cells = calloc(count, sizeof(cell));
    if (count > SIZE_MAX / sizeof(cell))
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (fscanf(file, "%lf", &cell) != 1)
            return -1;
        matrix->cells[i] = cell;
    }
    return 0;
}

void release_matrix(struct matrix *matrix)
{
    free(matrix->cells);
    matrix->cells = NULL;
}
