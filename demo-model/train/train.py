"""
Trains the demonstration model from nothing, by steps: the same seed, preset and kind of machine give the
same weights. Downloads nothing.

    python3 train.py --preset core --out DIR      # one core, about two hours
    python3 train.py --preset gpu --out DIR       # one GPU, some minutes
    python3 train.py --steps 20                   # a try
"""
import argparse
import json
import time
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F

from check import check
from dialogues import Dialogues
from model import Llama, Muon, Shape
from rows import Rows, Weights
from stock import Stock
from tokenizer import Tokenizer, learn
from words import SYLLABLES

TOKENS = {"core": 4096, "gpu": 32768}  # in a batch
# First everything counts, so that it learns what texts look like and how to copy; then what it says; at last
# what is near, where nearly all questions and files are.
SAID = Weights(read=0.01, first=3, call=1, answer=0.5)
PHASES = [
    {"name": "read", "steps": 800, "weights": Weights(read=0.1, first=1, call=1, answer=1), "rate": 1.0, "decay": 0.0, "gaps": 0.3, "long": False},
    {"name": "say", "steps": 6200, "weights": SAID, "rate": 1.0, "decay": 0.8, "gaps": 0.3, "long": True},
    {"name": "near", "steps": 1900, "weights": SAID, "rate": 0.3, "decay": 1.0, "gaps": 0.05, "long": True},
    # As people type in a hurry: without quotes, and little.
    {"name": "plain", "steps": 700, "weights": SAID, "rate": 0.3, "decay": 1.0, "gaps": 0.05, "long": True, "typing": {"bare": 0.5, "short": 0.6}},
    {"name": "plainest", "steps": 420, "weights": SAID, "rate": 0.3, "decay": 1.0, "gaps": 0.05, "long": False, "typing": {"bare": 0.5, "short": 0.6, "plainest": 0.5}},
]
SHAPE = {"width": 192, "layers": 4, "heads": 6, "inner": 512}
MERGES = 700  # of letters
MATRIX_RATE, OTHER_RATE = 0.012, 4e-3
WARM_UP = 100  # steps
LONG_FROM, LONG_EVERY = 0.7, 20  # in phases that have long conversations: of their steps, and how often
LOG_EVERY = 20
SAVE_EVERY = 500


def batches(rows: Rows, steps: int, tokens: int, long: bool):
    """At the end a long conversation comes now and then: that is dear, and needs little of it."""
    group, number, ready = 0, 0, []
    for step in range(steps):
        if long and step >= LONG_FROM * steps and step % LONG_EVERY == 0:
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
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    device = torch.device("cuda" if options.preset == "gpu" else "cpu")
    if device.type == "cpu":
        torch.set_num_threads(1)  # one core; threads that wait for each other lose more than they win
        torch.set_flush_denormal(True)
    tokenizer = Tokenizer(learn(sample(options.seed), MERGES, SYLLABLES))
    shape = Shape(len(tokenizer.tokens), options.width, options.layers, options.heads, options.inner)
    model = Llama(shape).to(device)
    print(f"{sum(one.numel() for one in model.parameters())} parameters, {len(tokenizer.tokens)} tokens in the vocabulary", flush=True)
    if options.after:
        load(model, options.out)
    names = [phase["name"] for phase in PHASES]
    for at, phase in enumerate(PHASES):
        if options.after and at <= names.index(options.after):
            continue
        steps = options.steps or phase["steps"]
        # The first phase keeps the plain seed.
        rows = Rows(tokenizer, f"{options.seed}/{phase['name']}" if at else f"{options.seed}", phase["weights"], phase["gaps"], **phase.get("typing", {}))
        data = batches(rows, steps, TOKENS[options.preset], phase["long"])
        keep = lambda: save(model, tokenizer, options.out)  # noqa: E731
        fit(model, data, steps, phase, device, (options.out / "log.csv").open("a"), keep)
        keep()
    print(check(model, tokenizer, device), flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=TOKENS, default="core")
    parser.add_argument("--out", type=Path, default=Path("out"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, help="of each phase, for a try")
    parser.add_argument("--after", choices=[phase["name"] for phase in PHASES], help="go on after this phase with what --out holds")
    for name, value in SHAPE.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    return parser.parse_args()


def sample(seed: int) -> str:
    """What the tokenizer learns from."""
    dialogues = Dialogues(Stock(), f"{seed}/tokenizer")
    return "\n".join(turn.text for _ in range(3000) for turn in dialogues.dialogue(2, 3).turns)


def fit(model: Llama, data, steps: int, phase: dict, device: torch.device, log, keep) -> None:
    """One phase. `decay` is the part of it, at its end, in which the rates fall to nothing; `keep` saves what there is."""
    rate, decay = phase["rate"], phase["decay"]
    matrices = [one for name, one in model.named_parameters() if one.ndim == 2 and "embd" not in name]
    others = [one for name, one in model.named_parameters() if one.ndim != 2 or "embd" in name]
    adam = torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.0)
    muon = Muon(matrices, MATRIX_RATE)
    began, seen = time.time(), 0
    for step, (ids, weights, positions) in enumerate(data):
        scale = rate * min(1, (step + 1) / WARM_UP, (steps - step) / (decay * steps) if decay else 1)
        for group in adam.param_groups:
            group["lr"] = OTHER_RATE * scale
        ids, weights, positions = ids.to(device), weights[:, 1:].to(device), positions.to(device)
        counts = weights > 0  # the rest is padding
        wanted, weights = ids[:, 1:][counts], weights[counts]
        with torch.autocast(device.type, torch.bfloat16):
            logits = model.head(model(ids[:, :-1], positions[:, :-1])[counts])
        losses = F.cross_entropy(logits.float(), wanted, reduction="none")
        loss = (losses * weights).sum() / weights.sum()
        model.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()
        muon.step(scale)
        seen += len(wanted)
        if (step + 1) % LOG_EVERY == 0:
            said = weights >= 0.5
            right = (logits.argmax(-1) == wanted)[said].float().mean().item()
            seconds = time.time() - began
            line = f"{step + 1},{seconds:.0f},{seen},{losses[said].mean().item():.5f},{right:.5f},{scale:.3f},{seen / seconds:.0f}"
            log.write(line + "\n")
            log.flush()
            print(line, flush=True)
        if (step + 1) % SAVE_EVERY == 0:
            keep()


def load(model: Llama, out: Path) -> None:
    raw = torch.from_numpy(numpy.fromfile(out / "weights.f32", "<f4"))
    parts = raw.split([one.numel() for one in model.parameters()])
    with torch.no_grad():
        for one, part in zip(model.parameters(), parts):
            one.copy_(part.view_as(one))


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
