import sqlite3
import sys

import half

connection = sqlite3.connect(":memory:")
connection.execute("CREATE TABLE articles (code TEXT, name TEXT, shelf TEXT, sold INTEGER)")
connection.execute("CREATE TABLE purchases (code TEXT, supplier TEXT, price TEXT)")
connection.executemany(
    "INSERT INTO articles VALUES (?, ?, ?, ?)",
    [
        ("L-11", "Arc lamp", "A1", 12),
        ("L-12", "Bicycle lamp", "A2", 90),
        ("L-17", "Desk lamp", "B4", 75),
        ("L-20", "Head lamp", "C1", 33),
        ("L-21", "Oil lamp", "C2", 8),
        ("L-22", "Ultraviolet lamp", "C3", 2),
        ("T-01", "Tent peg", "D9", 400),
    ],
)
connection.execute("INSERT INTO purchases VALUES ('L-17', 'Brandt & Sons', '4.15')")
stock = half.Stock(connection)
for line in sys.stdin:
    half.show(stock, line)
