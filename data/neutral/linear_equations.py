"""Solves systems of linear equations with exact fractions."""

from fractions import Fraction

Matrix = list[list[Fraction]]


class Singular(ArithmeticError):
    """The equations have no single solution."""


def augmented(coefficients, constants) -> Matrix:
    return [[Fraction(value) for value in row] + [Fraction(constant)] for row, constant in zip(coefficients, constants)]


def swap_in_pivot(matrix: Matrix, column: int) -> None:
    for row in range(column, len(matrix)):
        if matrix[row][column] != 0:
            matrix[column], matrix[row] = matrix[row], matrix[column]
            return
    raise Singular(f"unknown {column + 1} is not determined")


def eliminate(matrix: Matrix, column: int) -> None:
    pivot = matrix[column][column]
    matrix[column] = [value / pivot for value in matrix[column]]
    for number, row in enumerate(matrix):
        if number != column:
            factor = row[column]
            matrix[number] = [value - factor * above for value, above in zip(row, matrix[column])]


def solve(coefficients, constants) -> list[Fraction]:
    """The unknowns x with coefficients @ x == constants, by Gauss and Jordan's elimination."""
    matrix = augmented(coefficients, constants)
    for column in range(len(matrix)):
        swap_in_pivot(matrix, column)
        eliminate(matrix, column)
    return [row[-1] for row in matrix]


def check(coefficients, solution, constants) -> bool:
    products = (sum(a * x for a, x in zip(row, solution)) for row in coefficients)
    return all(product == constant for product, constant in zip(products, constants))


if __name__ == "__main__":
    left = [[2, 1, -1], [-3, -1, 2], [-2, 1, 2]]
    right = [8, -11, -3]
    answer = solve(left, right)
    print("x, y, z =", ", ".join(str(value) for value in answer))
    print("checked:", check(left, answer, right))
