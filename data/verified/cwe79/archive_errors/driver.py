"""Sends a GET request for the address in the first argument; prints the status line and the page of the answer."""

import io
import sys

import half


class Connection:
    def __init__(self, request):
        self.request = request
        self.answer = b""

    def makefile(self, *_):
        return io.BytesIO(self.request)

    def sendall(self, data):
        self.answer += bytes(data)


connection = Connection(f"GET {sys.argv[1]} HTTP/1.0\r\n\r\n".encode())
half.ArchiveHandler(connection, ("127.0.0.1", 4000), None)
head, _, page = connection.answer.decode().partition("\r\n\r\n")
print(head.splitlines()[0])
print(page, end="")
