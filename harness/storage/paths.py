"""Where the harness keeps its data."""

from pathlib import Path

from harness.errors import DataError

PACKAGE = Path(__file__).resolve().parents[1]


def data_folder() -> Path:
    """The folder of the embedded corpus, the embedded model, the neutral code and the hashes of the public dataset.

    It is `data/` of the checkout, and in an installed package `harness/data/`. Raises: DataError where there is neither.
    """
    for folder in (PACKAGE / "data", PACKAGE.parent / "data"):
        if (folder / "verified").is_dir():
            return folder
    raise DataError(
        f"the data of the harness are neither in {PACKAGE} nor beside it; install the package anew, or run from a whole checkout"
    )
