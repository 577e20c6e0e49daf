"""
Batches of dialogues to train on. A batch follows from the seed and its number alone, so that the same seed
gives the same batches however many processes make them.
"""
import random
from dataclasses import dataclass

import numpy

from dialogues import Dialogue, Dialogues, Turn, spell
from stock import Stock
from tokenizer import Tokenizer

SHORT, LONG = 448, 4096  # tokens in a dialogue at most
GROUP = 24  # batches that are cut from one pile, sorted by length so that little is padded
FIRST = 12  # tokens of a call or an answer: they decide what is done, the rest is mostly copied
END = "<|im_end|>"


@dataclass
class Weights:
    """How much each token counts while training."""

    read: float  # what the model only reads
    first: float  # the first tokens of what it says
    call: float  # the rest of a call
    answer: float  # the rest of an answer

    def of(self, kind: str, length: int) -> list[float]:
        if kind == "read":
            return [self.read] * length
        first = min(FIRST, length)
        return [self.first] * first + [self.call if kind == "call" else self.answer] * (length - first)


@dataclass
class Row:
    ids: list[int]
    weights: list[float]
    positions: list[int]


class Rows:
    """`gaps` is the part of short dialogues that has gaps in its positions; the others are the generator's."""

    def __init__(self, tokenizer: Tokenizer, seed: str, weights: Weights, gaps: float, **typing: float) -> None:
        self.tokenizer, self.seed, self.weights, self.gaps, self.stock = tokenizer, seed, weights, gaps, Stock()
        self.typing = typing
        self.marks = {mark: tokenizer.id[mark] for mark in tokenizer.tokens[-7:]}

    def short(self, group: int, tokens: int) -> list[tuple]:
        """Batches of at most `tokens` with their padding: ids, weights and positions, each `[rows, length]`."""
        r = random.Random(f"{self.seed}/{group}")
        rows, total = [], 0
        while total < GROUP * tokens:
            rows.append(self.row(f"{self.seed}/{group}/{len(rows)}", SHORT))
            total += len(rows[-1].ids)
        rows.sort(key=lambda row: len(row.ids))
        batches: list[list[Row]] = [[]]
        for row in rows:
            if len(row.ids) * (len(batches[-1]) + 1) > tokens and batches[-1]:
                batches.append([])
            batches[-1].append(row)
        r.shuffle(batches)
        return [pad(batch) for batch in batches]

    def long(self, number: int) -> tuple:
        return pad([self.row(f"{self.seed}/long/{number}", LONG)])

    def row(self, name: str, length: int) -> Row:
        dialogues = Dialogues(self.stock, name, **self.typing)
        r = dialogues.r
        row = Row([], [], [])
        position = 0
        for part, kind in self.pieces(self.draw(dialogues, r, length), r):
            row.ids += part
            row.weights += self.weights.of(kind, len(part))
        gaps = sorted(r.sample(range(len(row.ids)), min(2, len(row.ids)))) if length == SHORT and r.random() < self.gaps else []
        # Distances that a long conversation will have, at the price of a short one.
        for at in range(len(row.ids)):
            position += 1 + (r.randrange((LONG - len(row.ids)) // 2) if at in gaps else 0)
            row.positions.append(position - 1)
        return Row(row.ids[: length + 1], row.weights[: length + 1], row.positions[: length + 1])

    def draw(self, dialogues: Dialogues, r: random.Random, length: int) -> Dialogue:
        if length == SHORT:
            return dialogues.dialogue(r.choices((1, 2, 3), (75, 20, 5))[0], r.choice((0, 1, 2, 3, 3, 4, 6)), r.choice((5, 6, 6, 10)))
        return dialogues.dialogue(r.choice((8, 14, 20)), r.choice((3, 8, 20, 30)), r.choice((6, 6, 20, 60)))

    def pieces(self, dialogue: Dialogue, r: random.Random):
        """(tokens, "read", "call" or "answer"), spelled as chat_template.jinja does it."""
        x = r.random()
        style = "spaced" if x < 0.8 else "compact" if x < 0.9 else "sorted"
        turns = dialogue.turns
        last = len(turns) - 1
        if style != "spaced":  # how it is replayed must not be how it is said: only the last is learnt
            ends = [at for at, turn in enumerate(turns) if turn.role in ("call", "assistant")]
            last = r.choice(ends)
        yield self.frame("<|im_start|>", "system\ntools:" + "".join(f" {tool}" for tool in dialogue.tools or ["none"]), END, "\n"), "read"
        for at, turn in enumerate(turns[: last + 1]):
            says = style == "spaced" or at == last
            yield from self.turn(turn, says, "spaced" if says else style)

    def turn(self, turn: Turn, says: bool, style: str):
        match turn.role:
            case "user":
                yield self.frame("<|im_start|>", "user\n" + turn.text, END, "\n"), "read"
            case "tool":
                yield self.frame("<|im_start|>", "user\n", "<tool_response>", f"\n{turn.text}\n", "</tool_response>", END, "\n"), "read"
            case "call":
                yield self.frame("<|im_start|>", "assistant\n"), "read"
                call = f'\n{{"name": "{turn.tool}", "arguments": {spell(turn.arguments, style)}}}\n'
                yield self.frame("<tool_call>", call, "</tool_call>", END), "call" if says else "read"
                yield self.frame("\n"), "read"
            case _:
                yield self.frame("<|im_start|>", "assistant\n"), "read"
                yield self.frame(turn.text, END), "answer" if says else "read"
                yield self.frame("\n"), "read"

    def frame(self, *parts: str) -> list[int]:
        return [id for part in parts for id in ([self.marks[part]] if part in self.marks else self.tokenizer.text(part))]


def pad(rows: list[Row]) -> tuple:
    length = max(len(row.ids) for row in rows)
    ids, weights = numpy.zeros((len(rows), length), numpy.int64), numpy.zeros((len(rows), length), numpy.float32)
    positions = numpy.zeros((len(rows), length), numpy.int64)
    for at, row in enumerate(rows):
        ids[at, : len(row.ids)], weights[at, : len(row.ids)], positions[at, : len(row.ids)] = row.ids, row.weights, row.positions
    return ids, weights, positions
