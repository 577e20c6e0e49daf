import type { Files, Scene } from "./case.ts";
import type { Draw } from "./draw.ts";
import { fileOf } from "./text-scenes.ts";

/** Commands by name, and what is asked for without naming one. */
export const runScenes = {
  run: (draw: Draw): Scene => {
    const { command, before, after } = draw.random.pick(COMMANDS)(draw);
    const others = draw.others(2);
    return {
      slots: { cmd: command },
      before: { ...others, ...before },
      after: { ...others, ...(after ?? before) },
      answer: { type: "output", command },
    };
  },
  "run-count": (draw: Draw): Scene => {
    const file = fileOf(draw);
    const value = draw.random.between(2, 9);
    const before = { ...draw.others(2), [file]: linesOf(draw, value) };
    return { slots: { f: file }, before, answer: { type: "number", value } };
  },
  "run-sort": (draw: Draw): Scene => {
    const file = fileOf(draw);
    const text = linesOf(draw, draw.random.between(2, 5));
    const sorted = text.trimEnd().split("\n").sort().join("\n");
    const before = { ...draw.others(2), [file]: text };
    return { slots: { f: file }, before, answer: { type: "texts", texts: [sorted] } };
  },
  "run-folder": (draw: Draw): Scene => {
    const folder = draw.folder();
    const before = draw.others(3);
    const after = { ...before, [`${folder}/`]: "" };
    return { slots: { d: folder }, before, after, answer: { type: "done" } };
  },
  "run-copy": (draw: Draw): Scene => {
    const [from, to] = [draw.file(), draw.file()];
    const before = { ...draw.others(2), [from]: draw.text() };
    const after = { ...before, [to]: before[from] ?? "" };
    return { slots: { f: from, g: to }, before, after, answer: { type: "done" } };
  },
};

type Command = { command: string; before: Files; after?: Files };

/** What people try first. Quotes and options that nobody types into a demonstration are left out. */
const COMMANDS: readonly ((draw: Draw) => Command)[] = [
  (draw) => onFile(draw, "wc -l"),
  (draw) => onFile(draw, "wc -w"),
  (draw) => onFile(draw, "cat"),
  (draw) => onFile(draw, "sort"),
  (draw) => onFile(draw, "sort -r"),
  (draw) => onFile(draw, "head -n 1"),
  (draw) => onFile(draw, "tail -n 1"),
  (draw) => {
    const [one, two] = [draw.file(), draw.file()];
    return { command: `cat ${one} ${two}`, before: { [one]: draw.text(), [two]: draw.text() } };
  },
  (draw) => ({ command: `echo ${draw.content(false)}`, before: {} }),
  (draw) => {
    const [file, text] = [draw.file(), draw.content(false)];
    return { command: `echo ${text} > ${file}`, before: {}, after: { [file]: `${text}\n` } };
  },
  (draw) => ({ command: "ls", before: { [draw.file()]: draw.text() } }),
  (draw) => ({ command: "ls -la", before: { [draw.file()]: draw.text() } }),
  () => ({ command: "date", before: {} }),
  (draw) => {
    const folder = draw.folder();
    return { command: `mkdir ${folder}`, before: {}, after: { [`${folder}/`]: "" } };
  },
  (draw) => {
    const [from, to, text] = [draw.file(), draw.file(), draw.text()];
    return {
      command: `cp ${from} ${to}`,
      before: { [from]: text },
      after: { [from]: text, [to]: text },
    };
  },
  (draw) => {
    const [from, to, text] = [draw.file(), draw.file(), draw.text()];
    return { command: `mv ${from} ${to}`, before: { [from]: text }, after: { [to]: text } };
  },
  (draw) => {
    const script = draw.name();
    const text = `echo ${draw.words(2).join(" ")}\n`;
    return { command: `sh ${script}`, before: { [script]: text } };
  },
  (draw) => {
    const [file, word] = [draw.file(), draw.word()];
    const text = `${draw.words(2).join(" ")}\n${draw.word()} ${word}\n`;
    return { command: `grep ${word} ${file}`, before: { [file]: text } };
  },
];

function onFile(draw: Draw, program: string): Command {
  const file = draw.file();
  return { command: `${program} ${file}`, before: { [file]: linesOf(draw, 3) } };
}

/** A word in each line: every locale sorts them in the same order. */
const linesOf = (draw: Draw, count: number): string => `${draw.words(count).join("\n")}\n`;
