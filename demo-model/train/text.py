"""Small work on texts that the generator and its stock share."""
import re


def expand(pattern: str) -> list[str]:
    """Every text that a pattern with choices such as "(read|open) {f}" stands for."""
    match = re.search(r"\(([^()]*)\)", pattern)
    if not match:
        return [re.sub(r" +", " ", pattern).strip()]
    head, tail = pattern[: match.start()], pattern[match.end() :]
    return [one for choice in match.group(1).split("|") for one in expand(head + choice + tail)]


def plain(phrasing: str) -> str:
    """What is left of a phrasing when slots, case, punctuation and spaces do not count."""
    slots = re.sub(r"\{\w+\}", "§", phrasing.lower())
    return re.sub(r"[^\w§]+", " ", slots).strip()


def has_hangul(text: str) -> bool:
    return re.search(r"[\uac00-\ud7a3]", text) is not None
