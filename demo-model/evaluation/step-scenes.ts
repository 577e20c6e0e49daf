import type { Scene } from "./case.ts";
import type { Draw } from "./draw.ts";
import { filesWith } from "./find-scenes.ts";

/** What takes more than one call. */
export const stepScenes = {
  "steps-find-read": (draw: Draw): Scene => {
    const word = draw.word();
    const wanted = filesWith(draw, word, 1);
    return {
      slots: { w: word },
      before: { ...draw.others(3), ...wanted },
      answer: { type: "texts", texts: Object.values(wanted) },
    };
  },
  "steps-copy": (draw: Draw): Scene => {
    const [from, to] = [draw.file(), draw.file()];
    const before = { ...draw.others(2), [from]: draw.text() };
    const after = { ...before, [to]: before[from] ?? "" };
    return { slots: { f: from, g: to }, before, after, answer: { type: "done" } };
  },
  "steps-read-two": (draw: Draw): Scene => {
    const [one, two] = [draw.file(), draw.file()];
    const texts = [draw.text(), draw.text()];
    const before = { ...draw.others(2), [one]: texts[0] ?? "", [two]: texts[1] ?? "" };
    return { slots: { f: one, g: two }, before, answer: { type: "texts", texts } };
  },
};
