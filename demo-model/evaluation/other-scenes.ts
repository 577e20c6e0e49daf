import type { Scene } from "./case.ts";
import type { Draw } from "./draw.ts";

/** What is no task for it. Files are there, so that there is something to spoil. */
export const otherScenes = {
  talk: (draw: Draw): Scene => ({
    slots: {},
    before: draw.others(3),
    answer: { type: "words alone" },
  }),
  "out-of-scope": (draw: Draw): Scene => {
    const [one, two, folder] = [draw.file(), draw.file(), draw.folder()];
    const inside = draw.file({ folder });
    return {
      slots: { f: one, g: two, d: folder, w: draw.word(), w2: draw.word() },
      before: { [one]: draw.text(), [two]: draw.text(), [inside]: draw.text() },
      answer: { type: "no side effect" },
    };
  },
};
