import sqlite3


def empty_mailbox():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, owner TEXT, sender TEXT, subject TEXT)")
    return connection


def as_pattern(text):
    """The text as part of a LIKE pattern with a backslash as its escape character."""
    for mark in ("\\", "%", "_"):
        text = text.replace(mark, "\\" + mark)
    return text.replace("'", "''")


class Inbox:
    def __init__(self, connection, owner):
        self.connection = connection
        self.owner = owner

    def deliver(self, sender, subject):
        self.connection.execute(
            "INSERT INTO messages (owner, sender, subject) VALUES (?, ?, ?)",
            (self.owner, sender, subject),
        )

    def search(self, text):
        """Senders and subjects of the owner's messages with the text in their subject."""
        query = f"""
            SELECT sender, subject FROM messages
            WHERE owner = ? AND subject LIKE '%{as_pattern(text)}%' ESCAPE '\\'
            ORDER BY id
        """
        return self.connection.execute(query, (self.owner,)).fetchall()
