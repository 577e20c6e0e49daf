/**
 * What a model is asked to do with tools, and what it should make of it. It gets the agent's own system
 * text and tools: a model that calls tools after a short prompt may only pretend to after that one. Nothing
 * is run; what a tool would answer stands here.
 */

import type { ToolSpec } from "../../protocol/message.ts";
import type { CheckId } from "../../protocol/scorecard.ts";
import type { Heard } from "./ask.ts";
import { judgeArguments, judgeCall, judgeParallel, judgeRestraint, type Verdict } from "./judge.ts";

export type Task = {
  id: CheckId;
  title: string;
  /** How much it counts for the choice of a tool mode; what is not listed counts nothing. */
  weight: number;
  /** Where calls are forced one by one there is nothing to try. */
  nativeOnly?: true;
  /** Different words for the same: one that fails by chance fails once. */
  tries: readonly Try[];
};

/** One conversation: what the user says, then step by step what has to come and what the tool answers. */
export type Try = { says: string; steps: readonly Step[] };
export type Step = {
  judge: (heard: Heard) => Verdict;
  /** What the tool answers to the call; the conversation ends without it. */
  result?: string;
};

/** Quotes, a line end, Korean, a backslash and signs that templates like to escape. */
export const HARD_TEXT = 'She said "안녕하세요" & left.\nNext: <b>C:\\temp</b>, 100%';

const read = (path: string) => ({ tool: "read", input: { path } });

export const TASKS: readonly Task[] = [
  {
    id: "call",
    title: "Calls a tool",
    weight: 3,
    tries: [
      {
        says: "read notes.txt",
        steps: [{ judge: (heard) => judgeCall(heard, read("notes.txt")) }],
      },
      {
        says: "Which files are there?",
        steps: [{ judge: (heard) => judgeCall(heard, { tool: "find" }) }],
      },
    ],
  },
  {
    id: "restraint",
    title: "Calls none when none is needed",
    weight: 2,
    tries: [
      { says: "hello", steps: [{ judge: judgeRestraint }] },
      { says: "What is two plus three? Just say it.", steps: [{ judge: judgeRestraint }] },
    ],
  },
  {
    id: "steps",
    title: "Goes on from a result",
    weight: 2,
    tries: [
      {
        says: "Read todo.txt, then write its first line into first.txt.",
        steps: [
          {
            judge: (heard) => judgeCall(heard, read("todo.txt")),
            result: "Buy oat milk\nCall Mina about the boat",
          },
          {
            judge: (heard) =>
              judgeCall(heard, {
                tool: "write",
                input: { path: "first.txt", content: /buy oat milk/i },
              }),
            result: "Made first.txt (12 bytes)",
          },
          { judge: judgeRestraint },
        ],
      },
    ],
  },
  {
    id: "arguments",
    title: "Arguments with quotes, line ends and Korean",
    weight: 1,
    tries: [
      {
        says: `Write exactly these two lines into quote.txt, sign by sign:\n${HARD_TEXT}`,
        steps: [{ judge: (heard) => judgeArguments(heard, { name: "content", text: HARD_TEXT }) }],
      },
    ],
  },
  {
    id: "parallel",
    title: "Several calls at once",
    weight: 0,
    nativeOnly: true,
    tries: [
      {
        says: "Read a.txt, b.txt and c.txt. Make all three calls at once, in one message.",
        steps: [
          {
            judge: (heard) => judgeParallel(heard, [read("a.txt"), read("b.txt"), read("c.txt")]),
          },
        ],
      },
    ],
  },
];

/** How many requests a task takes at most. */
export const requestsOf = ({ tries }: Task): number =>
  tries.reduce((sum, { steps }) => sum + steps.length, 0);

/** What has to be among the tools for the tasks to mean anything; stands in where an agent has others. */
export const PROBE_TOOLS: readonly ToolSpec[] = [
  tool("find", "List files, or find them by name.", { name: { type: "string" } }, []),
  tool("read", "Read a text file.", { path: { type: "string" } }, ["path"]),
  tool(
    "write",
    "Write a text file. Replaces what was in it.",
    { path: { type: "string" }, content: { type: "string" } },
    ["path", "content"],
  ),
];

function tool(name: string, description: string, properties: object, required: string[]): ToolSpec {
  return { name, description, schema: { type: "object", properties, required } };
}
