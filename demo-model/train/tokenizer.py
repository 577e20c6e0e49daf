"""
Byte-level BPE whose merges join only ASCII letters of one run, and the bytes of one Hangul syllable.

Spaces, digits and punctuation stay single tokens, so that a name or a phrase has the same tokens wherever
it stands (in a question, in JSON, before a Korean particle): copying is token by token.
"""
import re
from collections import Counter

UNIT = re.compile(r"[A-Za-z]+|[\uac00-\ud7a3]")
MARKS = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
CONTROLS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
RAREST = 3  # a pair seen less often teaches nothing


def byte_letters() -> list[str]:
    """GPT-2's printable letter for each byte, in the order of the bytes."""
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    letters, extra = [], 0
    for byte in range(256):
        letters.append(chr(byte if byte in plain else 256 + extra))
        extra += byte not in plain
    return letters


LETTERS = byte_letters()


def learn(text: str, count: int, syllables: str) -> list[str]:
    """The `count` most useful merges of letters, each as "a b"; and those that make each syllable one token."""
    letters = [unit for unit in UNIT.findall(text) if unit.isascii()]
    return [*merges_of(letters, count, RAREST), *merges_of([*syllables] * RAREST, len(syllables) * 2, RAREST)]


def merges_of(found: list[str], count: int, rarest: int) -> list[str]:
    units = Counter(found)
    parts = {unit: [LETTERS[byte] for byte in unit.encode()] for unit in units}
    pairs: Counter[tuple[str, str]] = Counter()
    where: dict[tuple[str, str], set[str]] = {}
    for unit, letters in parts.items():
        count_pairs(unit, letters, units[unit], pairs, where)
    merges: list[str] = []
    known: set[str] = set()
    while len(merges) < count:
        # Two merges that make the same token would make the file ambiguous. Ties go by letters, not by luck.
        best = max((pair for pair in pairs if "".join(pair) not in known), key=lambda pair: (pairs[pair], pair), default=None)
        if best is None or pairs[best] < rarest:
            break
        merges.append(" ".join(best))
        known.add("".join(best))
        for unit in list(where[best]):
            count_pairs(unit, parts[unit], -units[unit], pairs, where)
            parts[unit] = join(parts[unit], best)
            count_pairs(unit, parts[unit], units[unit], pairs, where)
    return merges


def count_pairs(unit: str, letters: list[str], times: int, pairs: Counter, where: dict) -> None:
    for pair in zip(letters, letters[1:]):
        pairs[pair] += times
        where.setdefault(pair, set()).add(unit)


def join(letters: list[str], pair: tuple[str, str]) -> list[str]:
    joined, at = [], 0
    while at < len(letters):
        if at + 1 < len(letters) and (letters[at], letters[at + 1]) == pair:
            joined.append("".join(pair))
            at += 2
        else:
            joined.append(letters[at])
            at += 1
    return joined


class Tokenizer:
    def __init__(self, merges: list[str]) -> None:
        self.merges = merges
        self.tokens = [*LETTERS, *(merge.replace(" ", "") for merge in merges), *MARKS, *CONTROLS]
        self.id = {token: at for at, token in enumerate(self.tokens)}
        self.rank = {tuple(merge.split(" ")): at for at, merge in enumerate(merges)}
        self.known: dict[str, list[int]] = {}

    def text(self, text: str) -> list[int]:
        """Anybody's text: never a mark or a control token."""
        ids, at = [], 0
        for match in UNIT.finditer(text):
            ids += text[at : match.start()].encode()  # the first 256 ids are the bytes
            ids += self.unit(match.group())
            at = match.end()
        return ids + list(text[at:].encode())

    def unit(self, unit: str) -> list[int]:
        known = self.known.get(unit)
        if known is not None:
            return known
        letters = [LETTERS[byte] for byte in unit.encode()]
        while len(letters) > 1:
            pair = min(zip(letters, letters[1:]), key=lambda pair: self.rank.get(pair, len(self.rank)))
            if pair not in self.rank:
                break
            letters = join(letters, pair)
        ids = [self.id[token] for token in letters]
        if len(self.known) < 200_000:
            self.known[unit] = ids
        return ids
