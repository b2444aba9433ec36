import sqlite3
import sys

import half

connection = sqlite3.connect(":memory:")
connection.execute("CREATE TABLE orders (number INTEGER, customer TEXT, placed TEXT, total INTEGER, status TEXT)")
connection.execute("CREATE TABLE payments (customer TEXT, card TEXT)")
connection.executemany(
    "INSERT INTO orders VALUES (?, ?, ?, ?, ?)",
    [
        (81, "KL2041", "2024-05-02", 40, "sent"),
        (90, "MB0007", "2024-05-11", 25, "sent"),
        (97, "KL2041", "2024-05-30", 12, "paid"),
        (99, "KL2041", "2024-06-01", 8, "paid"),
    ],
)
connection.execute("INSERT INTO payments VALUES ('MB0007', '5500-0000-1111-2222')")
customer, day, sort = sys.argv[1:]
for line in half.OrderHistory(connection, customer).in_month(day, sort):
    print(line)
