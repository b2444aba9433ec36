/* Prints the sums of the rows of the matrix on standard input. */
#include HALF

int main(void)
{
    struct matrix matrix;
    int result = load_matrix(stdin, &matrix);

    if (result != 0) {
        puts("no matrix");
    } else {
        for (size_t row = 0; row < matrix.rows; row++) {
            double sum = 0;

            for (size_t column = 0; column < matrix.columns; column++)
                sum += matrix.cells[row * matrix.columns + column];
            printf("row %zu: %g\n", row + 1, sum);
        }
    }
    release_matrix(&matrix);
    return result != 0;
}
