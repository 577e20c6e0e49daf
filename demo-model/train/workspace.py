"""A make-believe workspace that answers as the real tools do (src/tools/), byte for byte."""
import random

from things import Things


class Workspace:
    def __init__(self, things: Things, r: random.Random, language: str, files: int, longest: int) -> None:
        self.things, self.r, self.language = things, r, language
        self.files: dict[str, list[str]] = {}
        for _ in range(files):
            self.files[things.file(language)] = self.lines(longest)

    def lines(self, longest: int) -> list[str]:
        if self.r.random() < 0.04:
            return []
        count = self.r.choice((1, 1, 1, 2, 2, 3, longest)) if longest <= 6 else self.r.randint(1, longest)
        return [self.things.line(self.language) for _ in range(count)]

    # what a person may mean

    def some_file(self) -> str:
        """One that is there, or in a quarter of cases one that is not."""
        if self.files and self.r.random() < 0.75:
            return self.r.choice(list(self.files))
        return self.things.file(self.language)

    def some_folder(self) -> str:
        folders = sorted({path.rsplit("/", 1)[0] for path in self.files if "/" in path})
        return self.r.choice(folders) if folders and self.r.random() < 0.6 else self.things.folder(self.language)

    def some_word(self) -> str:
        lines = [line for lines in self.files.values() for line in lines]
        words = [word.strip(".,:;!?()") for line in lines for word in line.split()]
        words = [word for word in words if word and "'" not in word and '"' not in word]
        return self.r.choice(words) if words else self.things.word(self.language)

    def part_of(self, path: str) -> str:
        """Some words that stand beside each other in a line of the file."""
        lines = [line for line in self.files.get(path, []) if line.strip()]
        if not lines:
            return self.things.sentence(self.language, 3)
        words = self.r.choice(lines).split(" ")
        begin = self.r.randrange(len(words))
        part = " ".join(words[begin : begin + self.r.choice((1, 1, 1, 2, 3))]).strip().strip("'\"")
        return part or self.things.word(self.language)

    def endings(self) -> list[str]:
        return sorted({path.rsplit(".", 1)[1] for path in self.files if "." in path})

    # what the tools say

    def listing(self, folder: str) -> list[str]:
        below = f"{folder}/" if folder else ""
        paths = sorted((path for path in self.files if path.startswith(below)), key=lambda path: path.encode())
        rows, shown = [], set()
        for path in paths:
            parts = path[len(below) :].split("/")
            for depth in range(1, len(parts)):
                name = below + "/".join(parts[:depth])
                if name not in shown:
                    shown.add(name)
                    rows.append(f"{name}/")
            rows.append(self.row(path))
        return rows

    def row(self, path: str) -> str:
        size = self.size(path)
        return f"{path} ({size} bytes)" if size < 1024 else f"{path} ({round(size / 1024)} KB)"

    def size(self, path: str) -> int:
        return len("\n".join(self.files[path]).encode())

    @staticmethod
    def bare(row: str) -> str:
        """A listed path without its size; a line that was found as it is."""
        return row.rsplit(" (", 1)[0] if row.endswith((" bytes)", " KB)")) else row

    def named(self, name: str) -> list[str]:
        return [self.row(path) for path in sorted(self.files) if path.split("/")[-1] == name]

    def ending(self, ending: str) -> list[str]:
        return [self.row(path) for path in sorted(self.files) if path.endswith(f".{ending}")]

    def lines_with(self, text: str) -> list[str]:
        return [
            f"{path}:{at}: {line.strip()}"
            for path in sorted(self.files)
            for at, line in enumerate(self.files[path], 1)
            if text.lower() in line.lower()
        ][:12]

    def has_folder(self, folder: str) -> bool:
        return any(path.startswith(f"{folder}/") for path in self.files)

    def read(self, path: str) -> str:
        if path not in self.files:
            return self.missing(path)
        lines = self.files[path]
        if not lines:
            return "[the file is empty]"
        if len(lines) > 8 and self.r.random() < 0.15:
            shown = self.r.randint(4, len(lines) - 1)
            return "\n".join([*lines[:shown], f"[lines 1-{shown} of {len(lines)}; to read on, call read with from={shown + 1}]"])
        return "\n".join(lines)

    def missing(self, path: str) -> str:
        x = self.r.random()
        if x < 0.75:
            return f'PATH_MISSING: Cannot open "{path}": there is no such file. List the files with find'
        if x < 0.85:
            return f'PATH_OUTSIDE_WORKSPACE: Cannot open "{path}": it lies outside the workspace. Use a path inside the workspace, such as notes/today.md'
        if x < 0.93:
            return f'PATH_NOT_FILE: Cannot open "{path}": it is a folder. List what is in it with find'
        if x < 0.97:
            return f'FILE_BINARY: Cannot use "{path}": it is not text. Use run with a program that reads this kind of file'
        return f'PATH_DENIED: Cannot open "{path}": the system refuses (EACCES). Ask the person to change the file\'s permissions, or use another file'

    def write(self, path: str, content: str) -> str:
        if self.r.random() < 0.02:
            return f'PATH_OUTSIDE_WORKSPACE: Cannot open "{path}": it lies outside the workspace. Use a path inside the workspace, such as notes/today.md'
        word = "Replaced" if path in self.files else "Made"
        self.files[path] = content.split("\n")
        return f"{word} {path} ({len(content.encode())} bytes)"

    def edit(self, path: str, old: str, new: str, all: bool = False) -> str:  # noqa: A002
        if path not in self.files:
            return self.missing(path)
        text = "\n".join(self.files[path])
        count = text.count(old)
        if count == 0:
            return f'EDIT_NO_MATCH: Cannot edit "{path}": "old" does not stand in it exactly. {self.nearest(path)}. Copy the lines exactly as read shows them, and call edit again'
        if count > 1 and not all:
            return f'EDIT_AMBIGUOUS: Cannot edit "{path}": "old" stands in it {count} times (lines 1, {count}). Add neighbouring lines to "old" until it is unique, or set "all" to true'
        self.files[path] = text.replace(old, new).split("\n")
        return f"Changed {path} ({'1 place' if count == 1 else f'{count} places'})"

    def nearest(self, path: str) -> str:
        lines = self.files[path][:5]
        if not lines or self.r.random() < 0.5:
            return 'No line of it is like the first line of "old".'
        return f"The nearest lines are 1-{len(lines)}:\n" + "\n".join(lines) + "\n"

    @staticmethod
    def is_fault(result: str) -> bool:
        code = result.partition(": ")[0]
        return result.startswith("Not run: ") or ("_" in code and code.replace("_", "").isupper() and code.isascii())
