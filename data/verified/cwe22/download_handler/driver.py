"""Argument: a query. "HERE" in it stands for the folder in which the program runs."""

import os
import sys

import half


def start_response(status, headers):
    print(status, len(headers))


query = sys.argv[1].replace("HERE", os.getcwd())
body = half.application({"QUERY_STRING": query}, start_response)
print(b"".join(body).decode(), end="")
