"""Noughts and crosses, played to the end by two perfect players."""

from functools import lru_cache

EMPTY = "."
ROWS = [(0, 1, 2), (3, 4, 5), (6, 7, 8)]
COLUMNS = [(0, 3, 6), (1, 4, 7), (2, 5, 8)]
DIAGONALS = [(0, 4, 8), (2, 4, 6)]


def winner(board: str) -> str | None:
    for a, b, c in ROWS + COLUMNS + DIAGONALS:
        if board[a] != EMPTY and board[a] == board[b] == board[c]:
            return board[a]
    return None


def opponent(player: str) -> str:
    return "O" if player == "X" else "X"


def moves(board: str) -> list[int]:
    return [square for square, mark in enumerate(board) if mark == EMPTY]


def play(board: str, square: int, player: str) -> str:
    return board[:square] + player + board[square + 1 :]


@lru_cache(maxsize=None)
def outlook(board: str, player: str) -> int:
    """1 if the player to move will win, -1 if they will lose, 0 for a draw."""
    if winner(board):
        return -1
    if not moves(board):
        return 0
    return max(-outlook(play(board, square, player), opponent(player)) for square in moves(board))


def best_move(board: str, player: str) -> int:
    return min(moves(board), key=lambda square: outlook(play(board, square, player), opponent(player)))


def show(board: str) -> None:
    for first in range(0, 9, 3):
        print(" ".join(board[first : first + 3]))
    print()


if __name__ == "__main__":
    board, player = EMPTY * 9, "X"
    while moves(board) and not winner(board):
        board = play(board, best_move(board, player), player)
        show(board)
        player = opponent(player)
    print("winner:", winner(board) or "nobody")
