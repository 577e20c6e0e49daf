/**
 * Prompts that the demonstration model has never seen, with what it should answer. File names and contents
 * are made of words that its training did not use; half of the phrasings were kept out of training too.
 * The same seed gives the same prompts.
 */

import type { Message } from "../src/protocol/message.ts";

export type Case = {
  /** Such as "read, new phrasing". */
  set: string;
  tools: readonly string[];
  messages: Message[];
  /** The whole call, or the whole text. */
  expected: { tool: string; input: object } | { text: string };
};

type Random = () => number;

/** None of them was used in training. */
const WORDS =
  "abacus alpaca anchovy avocado balcony barley beagle bicep bobbin broccoli cabbage canary cardigan cashew chisel cobalt coconut cricket crocus cyclone dahlia dandelion daffodil eclipse espresso falafel ferret flamingo gazebo gecko geyser granite hammock heron hyacinth iguana jackal juniper kayak kiwi lagoon lilac llama lynx macaroon magpie mammoth minnow mulberry narwhal nougat obsidian omelet otter paprika parrot peacock pinwheel plankton porcupine quince radish rhubarb sandal scooter shamrock sycamore tarragon toucan trombone truffle turnip viola walrus wombat yucca".split(
    " ",
  );

/** The first four of each were used in training, the others were not. */
const PHRASES = {
  read: [
    "read {f}",
    "show me {f}",
    "what is in {f}",
    "open the file {f}",
    "tell me what {f} says",
    "what is inside {f}",
    "i want to read {f}",
    "get the contents of {f}",
  ],
  write: [
    "write {c} to {f}",
    "save {c} in {f}",
    "create {f} with {c}",
    "put {c} into {f}",
    "store the text {c} in {f}",
    "make a file called {f} with {c}",
    "save the text {c} to {f}",
    "put this into {f}: {c}",
  ],
  list: [
    "list my files",
    "what files do i have",
    "ls",
    "show me the files",
    "show me what files i have",
    "list the files in this folder",
    "tell me which files are there",
    "show all files",
  ],
} as const;

const TOOLS = ["find", "read", "write"];

const CHAT: readonly (readonly [string, string])[] = [
  ["hello", "Hello! I am the demo model. I can list, read and write files in the workspace."],
  [
    "what can you do?",
    "Try: list my files, read notes.txt, or write hello to notes.txt. For anything else, install a larger model.",
  ],
  ["thanks", "You are welcome."],
  ["are you offline", "I run offline, on this machine. Nothing that you type leaves it."],
];

const CANNOT =
  "I am only a small demo model, so I can't help with that. Ask me to list, read or write files.";

const REASONS: readonly (readonly [string, string])[] = [
  ["PATH_MISSING: Cannot find it. Look for it", "not found"],
  ["PATH_OUTSIDE_WORKSPACE: Cannot open it. Use another", "outside the workspace"],
  ["Not run: the person said no.", "denied by the user"],
];

/** `rounds` prompts of each kind: 13 cases a round. */
export function createCases(rounds: number, seed: number): Case[] {
  const random = createRandom(seed);
  return Array.from({ length: rounds }, (_, round) => createRound(random, round)).flat();
}

function createRound(random: Random, round: number): Case[] {
  const known = (kind: keyof typeof PHRASES) => PHRASES[kind][round % 4] ?? "";
  const unknown = (kind: keyof typeof PHRASES) => PHRASES[kind][4 + (round % 4)] ?? "";
  const [greeting, answer] = CHAT[round % CHAT.length] ?? ["", ""];
  return [
    readCase("read", known("read"), random),
    readCase("read, new phrasing", unknown("read"), random),
    writeCase("write", known("write"), random),
    writeCase("write, new phrasing", unknown("write"), random),
    callCase("list", known("list"), "find", {}),
    callCase("list, new phrasing", unknown("list"), "find", {}),
    afterRead(known("read"), random),
    afterWrite(known("write"), random),
    afterList(known("list"), random),
    afterFailure(known("read"), random, round),
    textCase(
      "tool missing",
      ["find", "read"],
      say(known("write"), random).text,
      "I have no tool for that here.",
    ),
    textCase("small talk", TOOLS, greeting, answer),
    textCase("beyond it", TOOLS, `what is the capital of ${pick(random, WORDS)}`, CANNOT),
  ];
}

/** A phrase with a new file name and new contents in it. */
function say(phrase: string, random: Random) {
  const path = fileName(random);
  const content = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
    pick(random, WORDS),
  ).join(" ");
  return { path, content, text: phrase.replace("{f}", path).replace("{c}", `'${content}'`) };
}

function readCase(set: string, phrase: string, random: Random): Case {
  const { path, text } = say(phrase, random);
  return callCase(set, text, "read", { path });
}

function writeCase(set: string, phrase: string, random: Random): Case {
  const { path, content, text } = say(phrase, random);
  return callCase(set, text, "write", { path, content });
}

const callCase = (set: string, text: string, tool: string, input: object): Case => ({
  set,
  tools: TOOLS,
  messages: [{ role: "user", text }],
  expected: { tool, input },
});

const textCase = (set: string, tools: readonly string[], text: string, answer: string): Case => ({
  set,
  tools,
  messages: [{ role: "user", text }],
  expected: { text: answer },
});

function afterRead(phrase: string, random: Random): Case {
  const { path, content, text } = say(phrase, random);
  return afterCall(
    "answer to read",
    text,
    ["read", { path }, content, true],
    `${path} says:\n${content}`,
  );
}

function afterWrite(phrase: string, random: Random): Case {
  const { path, content, text } = say(phrase, random);
  return afterCall(
    "answer to write",
    text,
    ["write", { path, content }, "done", true],
    `Done. I wrote ${path}.`,
  );
}

function afterList(phrase: string, random: Random): Case {
  const names = Array.from({ length: 1 + Math.floor(random() * 4) }, () => fileName(random));
  const head = names.length === 1 ? "There is 1 file: " : `There are ${names.length} files: `;
  const joined =
    names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return afterCall(
    "answer to list",
    phrase,
    ["find", {}, names.map((name) => `${name} (12 bytes)`).join("\n"), true],
    `${head}${joined}.`,
  );
}

function afterFailure(phrase: string, random: Random, round: number): Case {
  const { path, text } = say(phrase, random);
  const [told, reason] = REASONS[round % REASONS.length] ?? ["", ""];
  return afterCall(
    "answer to a failure",
    text,
    ["read", { path }, told, false],
    `That did not work: ${reason}.`,
  );
}

function afterCall(
  set: string,
  text: string,
  [tool, input, result, ok]: readonly [string, object, string, boolean],
  answer: string,
): Case {
  const call = { id: "call_1", tool, argumentsJson: JSON.stringify(input) };
  return {
    set,
    tools: TOOLS,
    messages: [
      { role: "user", text },
      { role: "assistant", text: "", toolCalls: [call] },
      { role: "tool", callId: call.id, tool, text: result, ok },
    ],
    expected: { text: answer },
  };
}

function fileName(random: Random): string {
  const stem =
    random() < 0.3 ? `${pick(random, WORDS)}-${pick(random, WORDS)}` : pick(random, WORDS);
  return `${stem}.${pick(random, ["txt", "md", "json", "csv"])}`;
}

const pick = <T extends string>(random: Random, from: readonly T[]): string =>
  from[Math.floor(random() * from.length)] ?? "";

/** Mulberry32: 32 bits of state, good enough to draw words. */
function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
