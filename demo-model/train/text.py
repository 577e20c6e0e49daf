"""Small work on texts that the generator and its stock share."""
import re


def expand(pattern: str) -> list[str]:
    """Every text that a pattern with choices such as "(read|open) {f}" stands for."""
    match = re.search(r"\(([^()]*)\)", pattern)
    if not match:
        return [re.sub(r" +", " ", pattern).strip()]
    head, tail = pattern[: match.start()], pattern[match.end() :]
    return [one for choice in match.group(1).split("|") for one in expand(head + choice + tail)]


# The same list as in ../evaluation/held-out.ts: words of politeness make no other phrasing.
BEFORE = [
    "please", "kindly", "hey", "hi", "hello", "ok", "okay", "now", "so", "just", "then", "and", "can you", "could you", "would you", "will you",
    "would you mind", "i want you to", "i'd like you to", "i need you to", "혹시", "저기", "이제", "그럼",
]
AFTER = ["please", "for me", "thanks", "thank you", "now", "right now", "부탁해", "부탁합니다"]
POLITE = re.compile(f"^(?:{'|'.join(BEFORE)}) | (?:{'|'.join(AFTER)})$")
PARTICLES = [("을|를", "를"), ("이라|라", "라"), ("이랑|랑", "랑"), ("은|는", "는"), ("으로|로", "로"), ("과|와", "와"), (r"(?:이|가)(?=\s)", "가")]
PARTICLE = [(re.compile(f"§[\"'`]*(?:{either})"), f"§{form}") for either, form in PARTICLES]


def plain(phrasing: str) -> str:
    """What is left of a phrasing when slots, case, punctuation, spaces, particles and politeness do not count."""
    text = re.sub(r"\{\w+\}", "§", phrasing.lower().replace("’", "'"))
    for pattern, form in PARTICLE:
        text = pattern.sub(form, text)
    text = re.sub(r"[^\w§' ]+|_", " ", text)
    text = re.sub(r" +", " ", text).strip()
    while (shorter := POLITE.sub("", text)) != text:
        text = shorter
    return re.sub(r"[ ']+", "", text)


def has_hangul(text: str) -> bool:
    return re.search(r"[\uac00-\ud7a3]", text) is not None
