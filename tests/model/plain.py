"""The other route to every number: transformers and a forward hook alone, one row at a time, so without any padding."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness.records import Positions, Prompt

BLOCKS = {
    "gpt2": "transformer.h",
    "gpt_bigcode": "transformer.h",
    "falcon": "transformer.h",
    "bloom": "transformer.h",
    "mpt": "transformer.blocks",
    "gpt_neox": "gpt_neox.layers",
    "opt": "model.decoder.layers",
}


class Plain:
    """A model as transformers loads it."""

    def __init__(self, folder: Path, architecture: str, dtype: torch.dtype = torch.float32) -> None:
        self.model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.blocks = self.model.get_submodule(BLOCKS.get(architecture, "model.layers"))

    def ids(self, text: str) -> torch.Tensor:
        return torch.tensor([self.tokenizer(text)["input_ids"]])

    @contextmanager
    def steered(self, layer: int, positions: Positions, delta: np.ndarray) -> Iterator[None]:
        passes = 0

        def hook(_module: Any, _inputs: Any, output: Any) -> Any:
            nonlocal passes
            residual = output[0] if isinstance(output, tuple) else output
            wide = residual.float()
            if passes == 0 and positions == "generated":
                wide[:, -1] += torch.from_numpy(delta)
            elif passes == 0 or positions != "prompt":
                wide = wide + torch.from_numpy(delta)
            passes += 1
            changed = wide.to(residual.dtype)
            return (changed, *output[1:]) if isinstance(output, tuple) else changed

        handle = self.blocks[layer].register_forward_hook(hook)
        try:
            yield
        finally:
            handle.remove()

    def margin(self, prompt: Prompt, layer: int, positions: Positions, delta: np.ndarray) -> float:
        with torch.no_grad(), self.steered(layer, positions, delta):
            logp = self.model(self.ids(prompt.text)).logits[0, -1].float().log_softmax(-1)
        first = self.ids(prompt.text).shape[1]
        yes, no = (int(self.ids(prompt.text + answer)[0, first]) for answer in (prompt.vulnerable_answer, prompt.secure_answer))
        return float(logp[yes] - logp[no])

    def answer(self, prompt: Prompt, layer: int, positions: Positions, delta: np.ndarray, new_tokens: int) -> list[int]:
        ids = self.ids(prompt.text)
        with torch.no_grad(), self.steered(layer, positions, delta):
            # use_cache: MPT would hand the whole text to every step, and the hook counts steps.
            whole = self.model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=new_tokens, do_sample=False, use_cache=True
            )
        return list(whole[0, ids.shape[1] :].tolist())

    def losses(self, text: str, layer: int, positions: Positions, delta: np.ndarray, *, at_once: int | None = None) -> list[float]:
        """Loss of each token of the second half of a text, fed to the model as if it had been generated: the first half, then the rest
        over its cache, `at_once` tokens a pass."""
        ids = self.ids(text)
        given = ids.shape[1] // 2
        rest = ids[:, given:-1]
        logits = []
        with torch.no_grad(), self.steered(layer, positions, delta):
            seen = self.model(ids[:, :given], use_cache=True)
            logits.append(seen.logits[0, -1:])
            for some in rest.split(at_once or max(rest.shape[1], 1), dim=1) if rest.shape[1] else ():
                seen = self.model(some, past_key_values=seen.past_key_values, use_cache=True)
                logits.append(seen.logits[0])
        logp = torch.cat(logits).float().log_softmax(-1)
        return (-logp.gather(1, ids[0, given:, None])[:, 0]).tolist()
