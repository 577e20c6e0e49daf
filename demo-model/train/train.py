"""
Trains the demonstration model from nothing, by steps: the same seed, preset and kind of machine give the
same weights. Downloads nothing.

    python3 train.py --preset core --out DIR      # one core, about two hours
    python3 train.py --preset gpu --out DIR       # one GPU, some minutes
    python3 train.py --preset core --steps 20     # a try
"""
import argparse
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from check import check
from dialogues import Dialogues
from model import Llama, Muon, Shape
from rows import Rows
from stock import Stock
from tokenizer import Tokenizer, learn

PRESETS = {
    "core": {"steps": 4300, "tokens": 4096},
    "gpu": {"steps": 12000, "tokens": 32768},
}
SHAPE = {"width": 192, "layers": 4, "heads": 6, "inner": 512}
MERGES = 1000
MATRIX_RATE, OTHER_RATE = 0.02, 2e-3
WARM_UP = 100  # steps
DECAY = 0.45  # of all steps, at the end
LONG_FROM, LONG_EVERY = 0.7, 20
SAVE_EVERY = 400
LOG_EVERY = 20


def batches(rows: Rows, steps: int, tokens: int):
    """The last steps have a long conversation now and then: that is dear, and needs little of it."""
    group, number, ready = 0, 0, []
    for step in range(steps):
        if step >= LONG_FROM * steps and step % LONG_EVERY == 0:
            batch = rows.long(number)
            number += 1
        else:
            if not ready:
                ready = rows.short(group, tokens)
                group += 1
            batch = ready.pop()
        yield tuple(torch.from_numpy(one) for one in batch)


def main() -> None:
    options = parse()
    preset = PRESETS[options.preset]
    steps, tokens = options.steps or preset["steps"], options.tokens or preset["tokens"]
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    on_gpu = options.preset == "gpu"
    device = torch.device("cuda" if on_gpu else "cpu")
    if not on_gpu:
        torch.set_num_threads(1)  # one core; threads that wait for each other lose more than they win
        torch.set_flush_denormal(True)
    tokenizer = Tokenizer(learn(sample(options.seed), MERGES))
    shape = Shape(len(tokenizer.tokens), options.width, options.layers, options.heads, options.inner)
    model = Llama(shape).to(device)
    print(f"{sum(one.numel() for one in model.parameters())} parameters, {len(tokenizer.tokens)} tokens in the vocabulary", flush=True)
    fit(model, tokenizer, batches(Rows(tokenizer, options.seed), steps, tokens), steps, device, options)
    print(check(model, tokenizer, device), flush=True)
    save(model, tokenizer, options.out)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="core")
    parser.add_argument("--out", type=Path, default=Path("out"))
    parser.add_argument("--seed", type=int, default=1)
    for name in ("steps", "tokens"):
        parser.add_argument(f"--{name}", type=int, help="instead of the preset's")
    for name, value in SHAPE.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    return parser.parse_args()


def sample(seed: int) -> str:
    """What the tokenizer learns from."""
    dialogues = Dialogues(Stock(), f"{seed}/tokenizer")
    return "\n".join(turn.text for _ in range(3000) for turn in dialogues.dialogue(2, 3).turns)


def fit(model: Llama, tokenizer: Tokenizer, data, steps: int, device: torch.device, options) -> None:
    matrices = [one for name, one in model.named_parameters() if one.ndim == 2 and "embd" not in name]
    others = [one for name, one in model.named_parameters() if one.ndim != 2 or "embd" in name]
    adam = torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    muon = Muon(matrices, MATRIX_RATE)
    began, seen, log = time.time(), 0, (options.out / "log.csv").open("w")
    for step, (ids, weights, positions) in enumerate(data):
        if step % SAVE_EVERY == SAVE_EVERY - 1:
            save(model, tokenizer, options.out)
        scale = min(1, (step + 1) / WARM_UP, (steps - step) / (DECAY * steps))
        for group in adam.param_groups:
            group["lr"] = OTHER_RATE * scale
        ids, weights, positions = ids.to(device), weights[:, 1:].to(device), positions.to(device)
        counts = weights > 0  # the rest is padding
        wanted, weights = ids[:, 1:][counts], weights[counts]
        logits = model.head(model(ids[:, :-1], positions[:, :-1])[counts])
        losses = F.cross_entropy(logits, wanted, reduction="none")
        loss = (losses * weights).sum() / weights.sum()
        model.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()
        muon.step(scale)
        seen += len(wanted)
        if (step + 1) % LOG_EVERY == 0:
            said = weights == 1
            right = (logits.argmax(-1) == wanted)[said].float().mean().item()
            seconds = time.time() - began
            line = f"{step + 1},{seconds:.0f},{seen},{losses[said].mean().item():.5f},{right:.5f},{scale:.3f},{seen / seconds:.0f}"
            log.write(line + "\n")
            log.flush()
            if (step + 1) % (LOG_EVERY * 10) == 0 or steps < 500:
                print(line, flush=True)


def save(model: Llama, tokenizer: Tokenizer, out: Path) -> None:
    """What export.py reads: the tensors one after the other, and their names and shapes."""
    shape = model.shape
    tensors = {name: one.detach().float().cpu().contiguous() for name, one in model.named_parameters()}
    with (out / "weights.f32").open("wb") as file:
        for one in tensors.values():
            file.write(one.numpy().tobytes())
    described = {
        "shape": {"width": shape.width, "layers": shape.layers, "heads": shape.heads, "inner": shape.inner},
        "merges": tokenizer.merges,
        "tensors": [[name, list(one.shape)] for name, one in tensors.items()],
    }
    (out / "model.json").write_text(json.dumps(described, ensure_ascii=False))


if __name__ == "__main__":
    main()
