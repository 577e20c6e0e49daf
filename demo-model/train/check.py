"""
How many calls and answers come out right token by token on fresh dialogues of the generator. A quick look
while training; what counts is the evaluation through the gateway, on phrasings that were kept out.
"""
import torch

from dialogues import INTENTS, Dialogues
from rows import Rows, Weights
from stock import Stock

DIALOGUES = 100  # of each intent
MOST_TOKENS = 2000


def check(model, tokenizer, device, seed: str = "check") -> str:
    dialogues = Dialogues(Stock(), seed)
    rows = Rows(tokenizer, seed, Weights(0, 1, 1, 1), 0.0)
    lines = []
    for intent in INTENTS:
        right, count = 0, 0
        for _ in range(DIALOGUES):
            spans, ids = spans_of(rows, dialogues.dialogue(1, 4, intent=intent), dialogues.r)
            if len(ids) > MOST_TOKENS:
                continue
            with torch.no_grad():
                said = model.head(model(torch.tensor([ids], device=device))).argmax(-1)[0].tolist()
            right += all(said[at - 1] == ids[at] for begin, end in spans for at in range(begin, end))
            count += 1
        lines.append(f"{intent:12} {right}/{count}")
    return "\n".join(lines)


def spans_of(rows: Rows, dialogue, r):
    """The places of what the model says, and all ids."""
    spans, ids = [], []
    for part, kind in rows.pieces(dialogue, r):
        if kind != "read":
            spans.append((len(ids), len(ids) + len(part)))
        ids += part
    return spans, ids
