"""
What training may use: our words and phrasings, less everything that held-out.json keeps for the evaluation.

A phrasing has slots: {f} and {g} files, {s} a script, {d} a folder, {c} a text, {o} and {n} old and new text,
{w} a word, {e} a file ending, {k} a number, {p} a person, {x} any word, {cmd} a command.
"""
import json
import random
from pathlib import Path

from phrasings import ENGLISH, KOREAN, PLAINEST, SMALL_TALK
from text import expand, plain
from words import ENDINGS, FILE_STEMS, FOLDERS, KOREAN_STEMS, KOREAN_WORDS, SMALL_WORDS, WORDS

HELD_OUT = Path(__file__).parent.parent / "held-out.json"


class Stock:
    """`phrasing(r, intent, language)` draws one; the other fields are lists to draw from."""

    def __init__(self) -> None:
        held = json.loads(HELD_OUT.read_text())
        barred_words = {*held["words"], *held["koreanWords"]}
        # What was set aside is too close to what is trained on for the evaluation, and stays out of training.
        self.barred = {plain(one) for one in every_text([held["phrasings"], held["setAside"]])}
        keep = lambda words: [word for word in words if word not in barred_words]  # noqa: E731
        self.words, self.korean_words = keep(WORDS), keep(KOREAN_WORDS)
        self.file_stems, self.korean_stems = keep(FILE_STEMS), keep(KOREAN_STEMS)
        self.small_words = keep(SMALL_WORDS)
        self.folders = keep(FOLDERS)
        self.endings = [ending for ending in ENDINGS if ending not in held["endings"]]
        self.barred_endings = set(held["endings"])
        self.barred_words = barred_words
        self.talk = [{**talk, "ask": self.allowed(talk["ask"])} for talk in SMALL_TALK]
        self.patterns = {
            (intent, language): self.weigh(patterns)
            for language, intents in (("en", ENGLISH), ("ko", KOREAN))
            for intent, patterns in intents.items()
        }

        self.plainest = {
            (intent, language): allowed
            for language, intents in PLAINEST.items()
            for intent, phrasings in intents.items()
            if (allowed := self.allowed(phrasings))
        }

    def allowed(self, phrasings: list[str]) -> list[str]:
        return [one for one in phrasings if plain(one) not in self.barred]

    def weigh(self, patterns: list[str]):
        """A pattern with many choices comes more often, but not as often as it has choices."""
        expanded = [self.allowed(expand(pattern)) for pattern in patterns]
        expanded = [choices for choices in expanded if choices]
        weights = [len(choices) ** 0.6 for choices in expanded]
        sums, total = [], 0.0
        for weight in weights:
            total += weight
            sums.append(total)
        return expanded, sums

    def phrasing(self, r: random.Random, intent: str, language: str) -> str:
        expanded, sums = self.patterns[intent, language]
        return r.choice(r.choices(expanded, cum_weights=sums)[0])


def main() -> None:
    """Prints all of it, for the test that nothing of it is held out."""
    stock = Stock()
    phrasings: dict[str, dict[str, list[str]]] = {"plainest": {"en": [], "ko": []}, "talk": {"en": [ask for talk in stock.talk for ask in talk["ask"]], "ko": []}}
    for (_, language), allowed in stock.plainest.items():
        phrasings["plainest"][language] += allowed
    for (intent, language), (expanded, _) in stock.patterns.items():
        phrasings.setdefault(intent, {})[language] = [one for choices in expanded for one in choices]
    words = [*stock.words, *stock.small_words, *stock.file_stems, *stock.folders]
    korean = [*stock.korean_words, *stock.korean_stems]
    print(json.dumps({"words": words, "koreanWords": korean, "endings": stock.endings, "phrasings": phrasings}))


def every_text(value) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value
    return [text for child in children for text in every_text(child)]


if __name__ == "__main__":
    main()
