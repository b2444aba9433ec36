import sqlite3

MOST_ROWS = 5


class Stock:
    """The articles of a warehouse, as the terminals between its shelves show them."""

    def __init__(self, connection: sqlite3.Connection):
        self.connection = connection

    def article(self, code):
        row = self.connection.execute("SELECT name, shelf FROM articles WHERE code = ?", (code,)).fetchone()
        return row or ("unknown", "-")

    def best_sellers(self, word, limit):
        """Articles with a word in their name: those that sell best, in alphabetical order."""
        if limit.isdecimal() and int(limit) > MOST_ROWS:
            limit = str(MOST_ROWS)
        query = f"""
            SELECT name, shelf FROM
            (SELECT * FROM articles WHERE name LIKE ? ORDER BY sold DESC LIMIT {limit}) ORDER BY name
        """
        return self.connection.execute(query, (f"%{word}%",)).fetchall()


def show(stock, line):
    """Answers a line typed at a terminal: a code, or a word and a limit with a slash between them."""
    word, slash, limit = line.strip().partition("/")
    found = stock.best_sellers(word, limit) if slash else [stock.article(word)]
    for name, shelf in found:
        print(f"{name:<24}{shelf}")
