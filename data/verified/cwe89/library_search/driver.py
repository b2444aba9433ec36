import sys

import half

connection = half.connect()
connection.execute("CREATE TABLE books (title TEXT, shelf TEXT, branch TEXT)")
connection.executemany(
    "INSERT INTO books VALUES (?, ?, ?)",
    [
        ("A Field Guide to Moss", "open", "north"),
        ("Moss and Lichen", "open", "north"),
        ("Lichen of the Coast", "open", "south"),
        ("Letters of the Archive", "closed", "north"),
    ],
)
for title in half.search(connection, sys.argv[1], sys.argv[2]):
    print(title)
