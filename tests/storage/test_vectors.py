import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from harness.errors import DirectionError
from harness.records import Direction
from harness.storage.vectors import load_directions, save_directions


def direction(layer: int = 3, seed: int = 0, model: str = "fingerprint-a") -> Direction:
    vector = np.random.default_rng(seed).normal(size=16)
    return Direction(
        vector=(vector / np.linalg.norm(vector)).astype(np.float32),
        norm=12.5 + layer,
        layer=layer,
        estimator="mean-difference",
        position="last",
        model=model,
        cwe="CWE-787",
        held_out="scenario-1" if layer == 3 else None,
        fitted_on=("ab" * 32, "cd" * 32),
    )


def plain(one: Direction) -> dict[str, object]:
    return {**vars(one), "vector": one.vector.tobytes()}


def rewrite(path: Path, document: object) -> None:
    """The same vectors under other metadata."""
    save_file(load_file(path), path, metadata={"secsteer": document if isinstance(document, str) else json.dumps(document)})


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "directions.safetensors"
    save_directions(path, [direction(3), direction(5, seed=1)])
    return path


def entries() -> list[dict[str, object]]:
    return [
        {name: list(value) if isinstance(value, tuple) else value for name, value in vars(one).items() if name != "vector"}
        for one in (direction(3), direction(5, seed=1))
    ]


def test_directions_come_back_bit_for_bit_and_in_order(saved: Path) -> None:
    loaded = load_directions(saved, model="fingerprint-a")
    assert [plain(one) for one in loaded] == [plain(direction(3)), plain(direction(5, seed=1))]


def test_more_than_ten_directions_keep_their_order(tmp_path: Path) -> None:
    many = [direction(layer, seed=layer) for layer in range(12)]
    save_directions(tmp_path / "many.safetensors", many)
    assert [one.layer for one in load_directions(tmp_path / "many.safetensors", model="fingerprint-a")] == list(range(12))


def test_any_safetensors_reader_sees_the_vectors(saved: Path) -> None:
    tensors = load_file(saved)
    assert sorted(tensors) == ["direction.0", "direction.1"]
    np.testing.assert_array_equal(tensors["direction.1"], direction(5, seed=1).vector)


def test_another_model_is_refused_with_both_fingerprints(saved: Path) -> None:
    with pytest.raises(DirectionError, match=r"model fingerprint-a, but the model in use is fingerprint-b.*fit it again"):
        load_directions(saved, model="fingerprint-b")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DirectionError, match=r"none\.safetensors is not there"):
        load_directions(tmp_path / "none.safetensors", model="a")


@pytest.mark.parametrize("content", [b"", b"not a tensor", b"\xff" * 64])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.safetensors"
    path.write_bytes(content)
    with pytest.raises(DirectionError, match="no readable safetensors file"):
        load_directions(path, model="a")


def test_a_truncated_file_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-5])
    with pytest.raises(DirectionError, match="no readable safetensors file"):
        load_directions(saved, model="fingerprint-a")


def test_vectors_without_metadata_are_refused(tmp_path: Path) -> None:
    save_file({"direction.0": np.ones(4, np.float32)}, tmp_path / "bare.safetensors")
    with pytest.raises(DirectionError, match="has no 'secsteer' metadata"):
        load_directions(tmp_path / "bare.safetensors", model="a")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "can't be read"),
        ([], "can't be read"),
        ({"directions": []}, "can't be read"),
        ({"version": 2, "directions": []}, "format version 2, this harness reads 1"),
        ({"version": 1}, "describes no direction"),
        ({"version": 1, "directions": entries()[:1]}, "describes 1 directions but holds 2 vectors"),
        ({"version": 1, "directions": [{**entries()[0], "layer": "3"}, entries()[1]]}, "direction 0 .* no valid 'layer'"),
        ({"version": 1, "directions": [{**entries()[0], "norm": None}, entries()[1]]}, "direction 0 .* no valid 'norm'"),
        ({"version": 1, "directions": [{n: v for n, v in entries()[0].items() if n != "held_out"}, entries()[1]]}, "no valid 'held_out'"),
        ({"version": 1, "directions": [entries()[0], 7]}, "direction 1 .* no valid"),
        ({"version": 1, "directions": [{**entries()[0], "position": "first"}, entries()[1]]}, "position 'first' of direction 0"),
    ],
)
def test_metadata_that_do_not_fit_are_refused(saved: Path, document: object, message: str) -> None:
    rewrite(saved, document)
    with pytest.raises(DirectionError, match=message):
        load_directions(saved, model="fingerprint-a")


def test_a_vector_that_lost_its_unit_norm_is_refused(saved: Path) -> None:
    tensors = {name: vector * 2 for name, vector in load_file(saved).items()}
    save_file(tensors, saved, metadata={"secsteer": json.dumps({"version": 1, "directions": entries()})})
    with pytest.raises(DirectionError, match=r"norm 2\.0"):
        load_directions(saved, model="fingerprint-a")


def test_a_file_holds_directions_of_exactly_one_model(tmp_path: Path) -> None:
    with pytest.raises(DirectionError, match="no direction"):
        save_directions(tmp_path / "empty.safetensors", [])
    with pytest.raises(DirectionError, match="2 models"):
        save_directions(tmp_path / "mixed.safetensors", [direction(), direction(model="fingerprint-b")])
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_behind(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("harness.storage.vectors.os.fsync", full)
    with pytest.raises(DirectionError, match="no space left"):
        save_directions(saved, [direction(7)])
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DirectionError, match="make the folder"):
        save_directions(tmp_path / "nowhere" / "directions.safetensors", [replace(direction())])
