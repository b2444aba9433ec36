import re

SYMBOLS = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
]
WELL_FORMED = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")


def to_roman(number):
    """The numeral of a whole number from 1 to 3999."""
    if not 1 <= number <= 3999:
        raise ValueError(f"{number} has no Roman numeral")
    numeral = ""
    for value, symbol in SYMBOLS:
        times, number = divmod(number, value)
        numeral += symbol * times
    return numeral


def from_roman(numeral):
    if not numeral or not WELL_FORMED.fullmatch(numeral):
        raise ValueError(f"{numeral!r} is no Roman numeral")
    sum_of_symbols = 0
    for value, symbol in SYMBOLS:
        while numeral.startswith(symbol):
            sum_of_symbols += value
            numeral = numeral[len(symbol):]
    return sum_of_symbols


def longest_below(limit):
    """The number below the limit whose numeral has the most letters."""
    return max(range(1, limit), key=lambda number: (len(to_roman(number)), -number))


if __name__ == "__main__":
    for year in (1066, 1492, 1789, 1969, 2024):
        print(year, to_roman(year))
    assert all(from_roman(to_roman(number)) == number for number in range(1, 4000))
    print("longest numeral below 2000:", to_roman(longest_below(2000)))
