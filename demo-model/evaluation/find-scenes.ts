import type { Scene } from "./case.ts";
import type { Draw } from "./draw.ts";

/** By the class of the phrasing. Files of three folders at most: what people ask a demonstration about. */
export const findScenes = {
  "find-all": (draw: Draw): Scene => {
    const folder = draw.random.chance(0.3) ? draw.folder() : undefined;
    const here = filesIn(draw, draw.random.between(1, 5));
    const below = folder ? filesIn(draw, draw.random.between(1, 2), folder) : {};
    return found({}, { ...here, ...below }, { ...here, ...below });
  },
  "find-folder": (draw: Draw): Scene => {
    const folder = draw.folder();
    const inside = filesIn(draw, draw.random.between(1, 4), folder);
    return found({ d: folder }, inside, { ...inside, ...draw.others(3) });
  },
  "find-ending": (draw: Draw): Scene => {
    const ending = draw.ending();
    const count = draw.random.between(1, 3);
    const wanted = Object.fromEntries(
      Array.from({ length: count }, () => [draw.file({ ending }), draw.text()]),
    );
    return found({ e: ending }, wanted, { ...draw.others(4), ...wanted });
  },
  "find-name": (draw: Draw): Scene => {
    const folder = draw.folder();
    const inside = filesIn(draw, 1, folder);
    const [path = ""] = Object.keys(inside);
    const name = path.slice(folder.length + 1);
    return found({ f: name }, inside, { ...draw.others(4), ...inside });
  },
  "find-text": (draw: Draw): Scene => {
    const word = draw.word();
    const wanted = filesWith(draw, word, draw.random.chance(0.3) ? 2 : 1);
    return found({ w: word }, wanted, { ...draw.others(3), ...wanted });
  },
};

const found = (slots: Scene["slots"], wanted: object, before: Scene["before"]): Scene => ({
  slots,
  before,
  answer: { type: "paths", paths: Object.keys(wanted) },
});

function filesIn(draw: Draw, count: number, folder?: string): Record<string, string> {
  const more = folder ? { folder } : {};
  return Object.fromEntries(Array.from({ length: count }, () => [draw.file(more), draw.text()]));
}

/** Files of short lines with the word in one of them. */
export function filesWith(draw: Draw, word: string, count: number): Record<string, string> {
  const { random } = draw;
  const entries = Array.from({ length: count }, () => {
    const words = draw.words(random.between(1, 4));
    words.splice(random.below(words.length + 1), 0, word);
    const lines = random.chance(0.5) ? [draw.words(2).join(" ")] : [];
    return [draw.file(), [...lines, words.join(" ")].join("\n")] as const;
  });
  return Object.fromEntries(entries);
}
