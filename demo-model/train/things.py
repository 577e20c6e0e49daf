"""Made-up words, file names, texts and commands: what stands in the slots of a phrasing."""
import random

from stock import Stock
from text import has_hangul
from words import NAMES, SYLLABLES

ONSETS = "b c d f g h j k l m n p r s t v w z br ch cl dr fl gr kl pl pr sh sk sl st th tr qu".split()
VOWELS = "a e i o u ai ee oo ou y".split()
CODAS = ["", "", "", "n", "r", "s", "t", "l", "m", "nd", "rk", "st", "x", "ck", "ng"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
FIRST_SYLLABLE, ALL_SYLLABLES = 0xAC00, 11172
MARKS = ["-", "_", "+", "=", "/", "#", "%", "@", "&", "*", ":", ";", "(", ")", "<", ">", "|", "~", "$", "^", "[", "]", "{", "}"]


class Things:
    def __init__(self, stock: Stock, r: random.Random) -> None:
        self.stock, self.r = stock, r

    # words

    def word(self, language: str = "en") -> str:
        """A known word, a made-up one, or letters: copying the last two cannot be done from memory."""
        x = self.r.random()
        if language == "ko" and x < 0.8:
            return self.korean_word()
        if x < 0.5:
            return self.r.choice(self.stock.words)
        made = self.made_up() if x < 0.85 else self.letters()
        return self.word(language) if made in self.stock.barred_words else made

    def korean_word(self) -> str:
        if self.r.random() < 0.5:
            return self.r.choice(self.stock.korean_words)
        made = "".join(self.syllable() for _ in range(self.r.choice((1, 2, 2, 3, 4))))
        return self.korean_word() if made in self.stock.barred_words else made

    def syllable(self) -> str:
        if self.r.random() < 0.97:
            return self.r.choice(SYLLABLES)
        return chr(FIRST_SYLLABLE + self.r.randrange(ALL_SYLLABLES))

    def made_up(self) -> str:
        count = self.r.choice((1, 2, 2, 3))
        r = self.r
        return "".join(r.choice(ONSETS) + r.choice(VOWELS) + r.choice(CODAS) for _ in range(count))

    def letters(self, most: int = 8) -> str:
        return "".join(self.r.choice(LETTERS) for _ in range(self.r.randint(2, most)))

    def person(self) -> str:
        return self.r.choice(NAMES) if self.r.random() < 0.5 else self.made_up()

    # texts

    def sentence(self, language: str = "en", most: int = 8, least: int = 1) -> str:
        r, words = self.r, []
        for _ in range(r.randint(least, most)):
            x = r.random()
            if x < 0.05:
                words.append(self.number())
            elif x < 0.08 and words:
                words.append(r.choice(words))
            elif x < 0.2 and language == "en":
                words.append(r.choice(self.stock.small_words))
            elif x < 0.23:
                words.append(self.oddity())
            else:
                words.append(self.word(language))
        if len(words) > 2 and r.random() < 0.15:
            at = r.randrange(len(words) - 1)
            words[at] += r.choice([",", ",", ":", ";", " -", " and" if language == "en" else ","])
        text = " ".join(words)
        if r.random() < 0.25:
            text = text[0].upper() + text[1:]
        if r.random() < 0.06:
            text = text.upper() if r.random() < 0.4 else text.title()
        if r.random() < 0.15:
            text += r.choice(".!?.")
        return text

    def number(self) -> str:
        r = self.r
        return r.choice([
            str(r.randint(0, 9)), str(r.randint(10, 999)), str(r.randint(1000, 99999)), f"{r.randint(0, 99)}.{r.randint(0, 99)}",
            f"{r.randint(0, 23)}:{r.randint(0, 59):02d}", f"{r.randint(1, 99)}%", f"20{r.randint(10, 39)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}",
        ])

    def oddity(self) -> str:
        """What no word list has: ids, addresses, bits of code."""
        r = self.r
        return r.choice([
            f"{self.letters(4)}@{self.letters(6)}.com", f"#{self.letters(5)}", f"{self.letters(4)}{r.randint(0, 99)}",
            f"{self.letters(3)}={r.randint(0, 99)}", f"({self.letters(5)})", f"{self.letters(4)}_{self.letters(4)}",
            f"{self.letters(3)}{r.choice(MARKS)}{self.letters(3)}", f"{self.letters(4)}'s", f"${r.randint(1, 500)}",
            "".join(r.choice(LETTERS + "0123456789ABCDEF") for _ in range(r.randint(3, 8))),
        ])

    def line(self, language: str) -> str:
        """A line as it stands in a file."""
        r, x = self.r, self.r.random()
        if x < 0.6:
            return self.sentence(language, 9)
        if x < 0.7:
            return r.choice(["- ", "* ", "# ", "## ", "1. ", "[ ] ", "// ", "  ", "    "]) + self.sentence(language, 6)
        if x < 0.8:
            return f"{self.word(language)}{r.choice([': ', '=', ' = ', ',', ', '])}{r.choice([self.number(), self.word(language)])}"
        if x < 0.87:
            return ",".join(r.choice([self.word(language), self.number()]) for _ in range(r.randint(2, 4)))
        if x < 0.93:
            return f"{self.letters()}({self.letters()}, {r.choice([self.number(), chr(34) + self.word() + chr(34)])}){r.choice(['', ';'])}"
        return self.sentence(language, 14)

    # names

    def ending(self) -> str:
        """A third is made up: with a closed list the model drops those that it never met."""
        if self.r.random() < 0.6:
            return self.r.choice(self.stock.endings)
        made = self.letters(4)
        return self.ending() if made in self.stock.barred_endings else made

    def file(self, language: str = "en", ending: str | None = None) -> str:
        r = self.r
        stem = self.stem(language)
        x = r.random()
        if x < 0.2:
            stem += r.choice("-_") + self.stem(language)
        elif x < 0.32:
            stem += r.choice(["", "-", "_"]) + str(r.randint(0, 2030))
        elif x < 0.35:
            stem += f"-{self.word()}-{self.word()}"
        elif x < 0.37:
            stem = f"20{r.randint(10, 39)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}"
        elif x < 0.39:
            stem += "." + self.word()
        name = f"{stem}.{ending or self.ending()}" if ending or r.random() < 0.97 else stem
        return f"{self.folder(language)}/{name}" if r.random() < 0.15 else name

    def stem(self, language: str) -> str:
        r = self.r
        if language == "ko" and r.random() < 0.35:
            return r.choice(self.stock.korean_stems) if r.random() < 0.5 else self.korean_word()
        stem = r.choice(self.stock.file_stems) if r.random() < 0.25 else self.word()
        x = r.random()
        return stem.capitalize() if x < 0.05 else stem.upper() if x < 0.08 else stem

    def folder(self, language: str = "en") -> str:
        r = self.r
        if language == "ko" and r.random() < 0.2:
            return self.korean_word()
        name = r.choice(self.stock.folders) if r.random() < 0.4 else self.word()
        return f"{name}/{self.word()}" if r.random() < 0.08 else name

    # commands

    def command(self, files: list[str], language: str) -> str:
        r = self.r
        plain = [name for name in files if " " not in name]
        f = r.choice(plain) if plain and r.random() < 0.8 else self.file()
        g = r.choice(plain) if plain and r.random() < 0.3 else self.file()
        w, d, k = self.word(language), self.folder(), r.randint(1, 40)
        text = self.sentence(language, 5).replace("'", "").replace('"', "").replace("$", "")
        return r.choice([
            "ls", "ls -la", "ls -l", "ls -a", f"ls {d}", f"ls -l {d}/", f"ls *.{self.ending()}", "pwd", "date", "whoami", "id", "uname -a", "df -h",
            "du -sh", f"du -h {d}", "env", "ps", "uptime", "hostname", "true", "date +%Y", f"echo {text}", f"echo '{text}'", f'echo "{text}"',
            f"echo {w}", f"echo {w} {k}", f"cat {f}", f"cat {f} {g}", f"head {f}", f"head -n {k} {f}", f"head -{k} {f}", f"tail -n {k} {f}",
            f"tail {f}", f"wc {f}", f"wc -l {f}", f"wc -w {f}", f"wc -c {f}", f"wc -l *.{self.ending()}", f"sort {f}", f"sort -r {f}", f"sort -n {f}",
            f"sort -u {f}", f"uniq {f}", f"sort {f} | uniq -c", f"sort {f} | head -n {k}", f"cat {f} | wc -l", f"cat {f} | sort", f"grep {w} {f}",
            f"grep -n {w} {f}", f"grep -i {w} {f}", f"grep -c {w} {f}", f"grep -r {w} .", f"grep -rn {w} {d}", f"grep '{w}' {f}", f"find . -name '*.{self.ending()}'",
            f"find . -name {f}", "find . -type f", f"mkdir {d}", f"mkdir -p {d}/{self.word()}", f"touch {f}", f"cp {f} {g}", f"cp -r {d} {self.folder()}",
            f"mv {f} {g}", f"mv {f} {d}/", f"sh {f}", f"bash {self.file(ending='sh')}", f"python3 {self.file(ending='py')}", f"node {self.file(ending='js')}",
            f"cut -d, -f{k % 9 + 1} {f}", f"tr a-z A-Z < {f}", f"sed 's/{w}/{self.word()}/' {f}", f"sed -n {k}p {f}", f"awk '{{print $1}}' {f}",
            f"echo {w} > {f}", f"echo {w} >> {f}", f"echo '{text}' >> {f}", f"diff {f} {g}", f"cmp {f} {g}", f"file {f}", f"stat {f}", f"md5sum {f}",
            f"sha256sum {f}", f"seq {k}", f"seq 1 {k}", f"expr {k} + {k}", f"expr {k} '*' {k}", f"rev {f}", f"tac {f}", f"nl {f}", f"cat -n {f}", f"paste {f} {g}",
            f"head -c {k} {f}", "tree", f"printf '{w}\\n'", f"printf '%s' {w}", f"test -f {f}", f"sleep {k % 3}", "make", f"basename {f}", f"dirname {d}/{f}",
            f"{self.letters()} {f}", f"{self.letters()} --{self.word()} {f}", f"{self.letters()} -{r.choice(LETTERS)} {k}", f"./{self.file(ending='sh')}",
            f"{self.letters()} | {self.letters()}", f"cd {d} && ls", f"mkdir {d} && touch {d}/{self.word()}.txt", f"cat {f} | grep {w}", f"ls | wc -l",
            f"tar -cf {self.word()}.tar {f}", f"gzip {f}", f"cal {k % 12 + 1} 2030", f"shuf {f}", f"fold -w {k} {f}", f"od -c {f}", f"strings {f}",
        ])

    def command_output(self, language: str) -> str:
        r, x = self.r, self.r.random()
        if x < 0.2:
            return "[done; it printed nothing]"
        if x < 0.32:
            reason = r.choice(["No such file or directory", "not found", "Permission denied", "Is a directory", "invalid option", self.sentence("en", 5)])
            return f"{self.letters()}: {self.file()}: {reason}\n[exit code {r.choice((1, 1, 2, 2, 126, 127, r.randint(3, 255)))}]"
        if x < 0.5:
            return f"{r.randint(0, 400)} {self.file(language)}" if r.random() < 0.7 else str(r.randint(0, 9999))
        if x < 0.6:
            row = lambda: f"-rw-r--r-- 1 {r.choice(['1000', 'node', self.letters()])} {self.letters()} {r.randint(0, 99999)} Nov {r.randint(1, 28)} {r.randint(0, 23):02d}:{r.randint(0, 59):02d} {self.file(language)}"  # noqa: E731
            return "\n".join([f"total {r.randint(0, 80)}", *(row() for _ in range(r.randint(1, 4)))])
        return "\n".join(self.line(language) for _ in range(r.choice((1, 1, 1, 2, 2, 3, 4, 6))))


def language_of(text: str) -> str:
    return "ko" if has_hangul(text) else "en"
