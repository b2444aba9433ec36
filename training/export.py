"""Writes the finished model: bf16 weights, tokenizer, generation settings and the declared layer."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from training.declare import choose
from training.rescale import rescale


def export(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, folder: Path) -> dict[str, Any]:
    """Chooses layer and scale, and writes a folder that plain transformers loads. The network itself stays as it is.

    Returns: what `declared.json` says.
    """
    ready = deepcopy(network).eval()
    ready.tie_weights()
    choice = choose(ready, tokenizer)
    rescale(ready, choice.factor)
    end = tokenizer.eos_token_id
    ready.generation_config = GenerationConfig(bos_token_id=end, eos_token_id=end, pad_token_id=end, do_sample=False)
    ready.config.dtype = torch.bfloat16
    ready.to(torch.bfloat16).save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # safetensors writes for its owner alone
    tokenizer.save_pretrained(folder)
    declared = {"layer": choice.layer, "residual_factor": choice.factor, "layers": choice.layers}
    (folder / "declared.json").write_text(json.dumps(declared, indent=1) + "\n", encoding="utf-8")
    return declared
