/**
 * The prompt of one request, from the template in the model's own file. The template is given a mark in
 * place of each text, and the texts are set in afterwards: so they reach the model byte for byte, whatever
 * the template does to texts, and only what the template itself writes may be a control token.
 */

import type { Message, ToolCall } from "../../protocol/message.ts";
import { toReplayedArguments, toResultText, toUserText } from "../replay.ts";
import type { ChatOrder } from "./letters.ts";

/** What the template wrote, which may hold control tokens; or a text, which must not. */
export type Part = { template: string } | { text: string };

/** Runs the model's template. Throws what the template throws. */
export type Render = (context: object) => string;

type Asked = Pick<ChatOrder, "system" | "messages" | "tools">;

/** Throws when the template cannot say the conversation in any form. `mark` stands in no text. */
export function toParts(asked: Asked, render: Render, mark: string): Part[] {
  let failure: unknown;
  for (const form of FORMS) {
    try {
      return renderAs(form, asked, render, mark);
    } catch (error) {
      failure = error; // the next form may suit the template
    }
  }
  throw failure;
}

/**
 * Whether arguments can stay the text they were, or have to be an object that the template takes apart; and
 * whether the template takes a system message, or it goes before the first question.
 */
type Form = { arguments: "text" | "object"; system: boolean };

const FORMS: readonly Form[] = [
  { arguments: "text", system: true },
  { arguments: "object", system: true },
  { arguments: "text", system: false },
  { arguments: "object", system: false },
];

function renderAs(form: Form, asked: Asked, render: Render, mark: string): Part[] {
  const marks = createMarks(mark);
  const messages = toMessages(form, asked, marks);
  const written = render({
    messages,
    ...(asked.tools.length > 0 && { tools: asked.tools.map(toTool) }),
    add_generation_prompt: true,
  });
  return marks.fill(written);
}

const toTool = ({ name, description, schema }: ChatOrder["tools"][number]) => ({
  type: "function",
  function: { name, description, parameters: schema },
});

type Marks = ReturnType<typeof createMarks>;

function createMarks(mark: string) {
  const texts: { text: string; isJson: boolean; needed: boolean }[] = [];
  const add = (text: string, { isJson = false, needed = true } = {}) =>
    `${mark}${texts.push({ text, isJson, needed }) - 1}x`;
  return {
    /** A text that must stand in the prompt. */
    text: (text: string) => add(text),
    /** A text that a template may leave out (a system prompt, earlier reasoning). */
    optional: (text: string) => add(text, { needed: false }),
    json: (text: string) => add(text, { isJson: true }),

    fill(written: string): Part[] {
      const parts: Part[] = [];
      const seen = new Set<number>();
      let from = 0;
      // A template that writes JSON puts quotes about the mark.
      for (const found of written.matchAll(new RegExp(`("?)${mark}(\\d+)x("?)`, "g"))) {
        const [all, before = "", number = "", after = ""] = found;
        const entry = texts[Number(number)];
        if (!entry) continue;
        seen.add(Number(number));
        const isQuoted = before !== "" && after !== "";
        const outer = isQuoted ? { before: "", after: "" } : { before, after };
        parts.push({ template: written.slice(from, found.index) + outer.before });
        parts.push({ text: isQuoted && !entry.isJson ? JSON.stringify(entry.text) : entry.text });
        from = found.index + all.length - outer.after.length;
      }
      parts.push({ template: written.slice(from) });
      const lost = texts.findIndex(({ needed }, number) => needed && !seen.has(number));
      if (lost >= 0) throw new Error("the model's template leaves out a part of the conversation");
      return parts.filter((part) => "text" in part || part.template !== "");
    },
  };
}

function toMessages(form: Form, { system, messages }: Asked, marks: Marks): object[] {
  const first = messages.findIndex(({ role }) => role === "user");
  const said = messages.map((message, index) => {
    const head = !form.system && index === first && system !== "" ? `${system}\n\n` : "";
    return toMessage(form, message, head, marks);
  });
  if (system === "" || !form.system) return said;
  return [{ role: "system", content: marks.optional(system) }, ...said];
}

function toMessage(form: Form, message: Message, head: string, marks: Marks): object {
  switch (message.role) {
    case "user":
      return { role: "user", content: marks.text(head + toUserText(message)) };
    case "tool": {
      const content = marks.text(toResultText(message.text));
      return { role: "tool", name: message.tool, tool_call_id: message.callId, content };
    }
    case "assistant": {
      const { text, reasoning, toolCalls } = message;
      return {
        role: "assistant",
        content: text === "" ? "" : marks.text(text),
        ...(reasoning && { reasoning_content: marks.optional(reasoning) }),
        ...(toolCalls.length > 0 && {
          tool_calls: toolCalls.map((call) => ({
            id: call.id,
            type: "function",
            function: { name: call.tool, arguments: toArguments(form, call, marks) },
          })),
        }),
      };
    }
  }
}

function toArguments(form: Form, call: ToolCall, marks: Marks): unknown {
  const json = toReplayedArguments(call);
  return form.arguments === "text" ? marks.json(json) : (JSON.parse(json) as unknown);
}
