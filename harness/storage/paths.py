"""Where the source checkout keeps its data."""

from pathlib import Path

from harness.errors import DataError


def data_folder() -> Path:
    """The checkout's `data/` folder: embedded corpus, embedded model, hashes of the public dataset.

    Raises: DataError where the package was installed without its checkout.
    """
    folder = Path(__file__).resolve().parents[2] / "data"
    if not folder.is_dir():
        raise DataError(
            f"folder {folder} is missing; the harness reads its data from the source checkout: "
            "clone the repository and install it in place with `pip install -e .`"
        )
    return folder
