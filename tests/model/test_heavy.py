"""A model of StarCoderBase-1B's shape, saved in shards, loads and is read within the memory of a small machine."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model import tiny

LAYERS, WIDTH = 24, 2048
MEMORY_LIMIT = 8e9
"""Bytes."""

# Both steps run in processes of their own, so that neither's memory counts as the other's.
SAVE = """
import sys, torch
from transformers import AutoModelForCausalLM, GPTBigCodeConfig
torch.manual_seed(0)
config = GPTBigCodeConfig(vocab_size=49152, n_positions=8192, n_embd=2048, n_layer=24, n_head=16, multi_query=True)
AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).save_pretrained(sys.argv[1], max_shard_size="500MB")
"""
READ = """
import json, resource, sys, time
from harness.model.agreement import compare_with_transformers
from harness.model.loading import load_model
from harness.model.residual import read_residuals
from tests.model import tiny
started = time.monotonic()
model = load_model(sys.argv[1], dtype=sys.argv[2])
loaded = time.monotonic()
residuals = read_residuals(model, tiny.PROMPTS)
read = time.monotonic()
print(json.dumps({
    "shape": residuals.values.shape,
    "coverage": str(residuals.coverage),
    "compared": str(compare_with_transformers(model, tiny.PROMPTS)),
    "seconds": [loaded - started, read - loaded],
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
}))
"""


def run(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def billion(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("billion")
    run(SAVE, str(folder))
    tiny.tokenizer().save_pretrained(folder)
    yield folder
    # pytest keeps the folders of its last runs, and this one holds gigabytes.
    shutil.rmtree(folder)


@pytest.mark.heavy
@pytest.mark.parametrize("dtype", ["auto", "float32"])
def test_a_model_of_a_billion_parameters_is_read_at_all_layers_within_8_gb(billion: Path, dtype: str) -> None:
    assert len(list(billion.glob("model-*-of-*.safetensors"))) > 1
    seen = json.loads(run(READ, str(billion), dtype))
    print(seen)
    assert seen["shape"] == [len(tiny.PROMPTS), LAYERS, WIDTH]
    assert seen["coverage"] == seen["compared"] == "24 of 24 layers"
    assert seen["peak"] < MEMORY_LIMIT
