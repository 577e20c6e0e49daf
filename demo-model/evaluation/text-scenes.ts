import type { Scene } from "./case.ts";
import type { Draw } from "./draw.ts";

/** Reading, writing and changing one file. */
export const textScenes = {
  read: (draw: Draw): Scene => {
    const file = fileOf(draw);
    const text = draw.text(true);
    return {
      slots: { f: file },
      before: { ...draw.others(3), [file]: text },
      answer: { type: "texts", texts: [text] },
    };
  },
  write: (draw: Draw, phrasing: string): Scene => written(draw, phrasing, false),
  overwrite: (draw: Draw, phrasing: string): Scene => written(draw, phrasing, true),
  edit: (draw: Draw): Scene => {
    const file = fileOf(draw);
    const { before, after, slots } = changeOf(draw);
    const others = draw.others(2);
    return {
      slots: { f: file, ...slots },
      before: { ...others, [file]: before },
      after: { ...others, [file]: after },
      answer: { type: "done" },
    };
  },
};

/** One of ten stands in a folder. */
export const fileOf = (draw: Draw): string =>
  draw.file(draw.random.chance(0.1) ? { folder: draw.folder() } : {});

function written(draw: Draw, phrasing: string, isThere: boolean): Scene {
  const file = fileOf(draw);
  const content = draw.content(/["'`]\{c\}/.test(phrasing));
  const others = draw.others(2);
  return {
    slots: { f: file, c: content },
    before: isThere ? { ...others, [file]: draw.text() } : others,
    after: { ...others, [file]: content },
    answer: { type: "done" },
  };
}

/** A text in which one word, or two neighbours, become others. */
export function changeOf(draw: Draw) {
  const { random } = draw;
  const lines = Array.from({ length: random.between(1, 3) }, () =>
    draw.words(random.between(2, 4)),
  );
  const line = random.pick(lines);
  const count = random.chance(0.25) ? 2 : 1;
  const at = random.below(line.length - count + 1);
  const old = line.slice(at, at + count).join(" ");
  const next = draw.words(random.chance(0.25) ? 2 : 1).join(" ");
  const end = lines.length > 1 ? "\n" : "";
  const before = lines.map((words) => words.join(" ")).join("\n") + end;
  return { before, after: before.replace(old, () => next), slots: { old, new: next } };
}
