"""Sets the scale of the residual stream without changing what the model computes.

In a pre-norm network every reader of the residual stream normalises first. So all writers (embeddings, and the output projections of
every block) can be multiplied by one factor; the final norm, whose output meets the tied and thus also multiplied embeddings, is divided
by it. The epsilon within the norms is a variance and takes the factor's square. What does change is how much a vector of norm 10 weighs.
"""

import torch
from transformers import GPTBigCodeForCausalLM


@torch.no_grad()
def rescale(network: GPTBigCodeForCausalLM, factor: float) -> None:
    """Multiplies the residual stream by `factor`, in place.

    Raises: ValueError for a factor that is not positive and finite, or an output layer that is not tied to the embeddings.
    """
    if not 0 < factor < float("inf"):
        raise ValueError(f"factor {factor} of the residual stream is not positive and finite; give one that is")
    if network.lm_head.weight is not network.transformer.wte.weight:
        raise ValueError("the output layer is not tied to the embeddings, so dividing the final norm would change the logits; tie them")
    trunk = network.transformer
    writers = [trunk.wte, trunk.wpe] + [projection for block in trunk.h for projection in (block.attn.c_proj, block.mlp.c_proj)]
    for writer in writers:
        for weight in writer.parameters():
            weight.mul_(factor)
    for weight in trunk.ln_f.parameters():
        weight.div_(factor)
    epsilon = network.config.layer_norm_epsilon * factor**2
    network.config.layer_norm_epsilon = epsilon
    for norm in (trunk.ln_f, *(norm for block in trunk.h for norm in (block.ln_1, block.ln_2))):
        norm.eps = epsilon
