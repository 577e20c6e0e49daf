"""The llama architecture, as small as it gets, and the optimiser of its matrices."""
import math

import torch
import torch.nn.functional as F
from torch import nn

CONTEXT = 4096
EPSILON = 1e-5
ROPE_BASE = 10_000.0


class Shape:
    def __init__(self, vocabulary: int, width: int, layers: int, heads: int, inner: int) -> None:
        self.vocabulary, self.width, self.layers, self.heads, self.inner = vocabulary, width, layers, heads, inner
        self.head_width = width // heads


class Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        x = x.float()
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON) * self.weight


def matrix(inputs: int, outputs: int, scale: float = 1.0) -> nn.Linear:
    made = nn.Linear(inputs, outputs, bias=False)
    nn.init.normal_(made.weight, std=scale / math.sqrt(inputs))
    return made


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, inner = shape.width, shape.inner
        self.heads = shape.heads
        self.attn_norm, self.ffn_norm = Norm(width), Norm(width)
        self.attn_q, self.attn_k, self.attn_v = matrix(width, width), matrix(width, width), matrix(width, width)
        self.attn_output = matrix(width, width, 0.3)  # small, so that a block starts as nearly nothing
        self.ffn_gate, self.ffn_up, self.ffn_down = matrix(width, inner), matrix(width, inner), matrix(inner, width, 0.3)

    def forward(self, x, turns):
        rows, length, width = x.shape
        heads = lambda y: y.view(rows, length, self.heads, -1).transpose(1, 2)  # noqa: E731
        h = self.attn_norm(x)
        q, k, v = turn(heads(self.attn_q(h)), turns), turn(heads(self.attn_k(h)), turns), heads(self.attn_v(h))
        mixed = attend(q, k, v)
        x = x + self.attn_output(mixed.transpose(1, 2).reshape(rows, length, width))
        h = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))


LONG = 1024  # tokens; below, whole matrices are faster on a processor, above they take too much memory


def attend(q, k, v):
    rows, heads, length, width = q.shape
    if length > LONG or q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    flat = lambda x: x.reshape(rows * heads, length, width)  # noqa: E731
    later = torch.full((length, length), float("-inf"), device=q.device).triu(1)
    scores = torch.baddbmm(later.expand(rows * heads, length, length), flat(q), flat(k).mT, alpha=width**-0.5)
    return torch.bmm(torch.softmax(scores, -1, dtype=scores.dtype), flat(v)).view(rows, heads, length, width)


def turn(x, turns):
    """Neighbours (2i, 2i+1) turn together, as llama.cpp does it, so that nothing is permuted on export."""
    cosines, sines = turns
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cosines - b * sines, a * sines + b * cosines), -1).flatten(-2)


class Llama(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        nn.init.normal_(self.token_embd.weight, std=0.05)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = Norm(shape.width)
        speeds = ROPE_BASE ** (-torch.arange(0, shape.head_width, 2).float() / shape.head_width)
        angles = torch.outer(torch.arange(CONTEXT).float(), speeds)
        self.register_buffer("cosines", angles.cos(), persistent=False)
        self.register_buffer("sines", angles.sin(), persistent=False)

    def forward(self, ids, positions=None):
        """What the last layer says of each token: `[rows, length, width]`. `head` turns it into logits."""
        if positions is None:
            positions = torch.arange(ids.shape[1], device=ids.device)[None]
        turns = (self.cosines[positions][:, None], self.sines[positions][:, None])
        x = self.token_embd(ids)
        for block in self.blk:
            x = block(x, turns)
        return self.output_norm(x)

    def head(self, x):
        return F.linear(x, self.token_embd.weight)  # the head is the embedding


class Muon:
    """Momentum, made orthogonal by Newton-Schulz steps; matrices of one shape go through it together."""

    def __init__(self, parameters, rate: float, momentum: float = 0.95, decay: float = 0.1) -> None:
        self.rate, self.momentum, self.decay = rate, momentum, decay
        self.groups: dict[tuple, list] = {}
        for parameter in parameters:
            self.groups.setdefault(tuple(parameter.shape), []).append(parameter)
        self.memory = {shape: torch.stack([torch.zeros_like(one) for one in group]) for shape, group in self.groups.items()}

    @torch.no_grad()
    def step(self, scale: float) -> None:
        for shape, group in self.groups.items():
            gradient = torch.stack([one.grad for one in group])
            memory = self.memory[shape].mul_(self.momentum).add_(gradient)
            x = gradient + self.momentum * memory
            tall = shape[0] > shape[1]
            x = x.mT if tall else x
            x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)).bfloat16()  # the steps need no more digits
            for _ in range(5):
                a = torch.bmm(x, x.mT)
                x = torch.baddbmm(x, torch.baddbmm(a, a, a, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
            x = x.float()
            x = x.mT if tall else x
            rate = self.rate * scale
            for one, change in zip(group, x):
                one.mul_(1 - self.decay * rate).add_(change, alpha=-rate * max(1, shape[0] / shape[1]) ** 0.5)
