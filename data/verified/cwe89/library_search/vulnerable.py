import sqlite3


def connect(path=":memory:"):
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    return connection


def visible_titles(connection, words, branch):
    """Titles on the open shelves of a branch that contain all of the words."""
    query = "SELECT title FROM books WHERE shelf = 'open' AND branch = ?"
    for word in words:
        query += f" AND title LIKE '%{word}%'"
    rows = connection.execute(query + " ORDER BY title", (branch,))
    return [row["title"] for row in rows]


def search(connection, text, branch):
    words = text.split(",")
    if len(words) > 8:
        raise ValueError("at most eight words")
    return visible_titles(connection, [word.strip() for word in words], branch)
