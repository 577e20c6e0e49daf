import type { Scene } from "./case.ts";
import type { Draw } from "./draw.ts";
import { changeOf } from "./text-scenes.ts";

type Build = (draw: Draw) => Scene;

const failed = { type: "failed" } as const;

/** What cannot be done: nothing may change, and the answer must say so. By the class of the phrasing. */
export const failureScenes: Readonly<Record<string, readonly Build[]>> = {
  read: [(draw) => ({ slots: { f: draw.file() }, before: draw.others(3), answer: failed })],
  edit: [
    (draw) => {
      const file = draw.file();
      return {
        slots: { f: file, ...changeOf(draw).slots },
        before: draw.others(3),
        answer: failed,
      };
    },
    (draw) => {
      const [file, wrong] = [draw.file(), changeOf(draw).slots];
      const before = { ...draw.others(2), [file]: changeOf(draw).before };
      return { slots: { f: file, ...wrong }, before, answer: failed };
    },
  ],
  run: [
    (draw) => ({ slots: { cmd: `cat ${draw.file()}` }, before: draw.others(2), answer: failed }),
    (draw) => ({ slots: { cmd: `ls ${draw.folder()}` }, before: draw.others(2), answer: failed }),
  ],
  "find-text": [(draw) => ({ slots: { w: draw.word() }, before: draw.others(3), answer: failed })],
  "find-ending": [
    (draw) => ({ slots: { e: draw.ending() }, before: draw.others(3), answer: failed }),
  ],
  "find-all": [() => ({ slots: {}, before: {}, answer: failed })],
};
