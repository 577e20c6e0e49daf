/**
 * Questions to a person. An approval is bound to the person, the argument bytes, the folder and the
 * digests of the files that the call names; it is spent by the first call that it fits, and anything
 * that changed in between makes it worth nothing. Nobody there, or no answer in time, means no.
 */

import { createHash } from "node:crypto";

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { createId } from "../base/ids.ts";
import type { ApprovalRequest, Decision, TurnEvent } from "../protocol/event.ts";
import type { Workspace } from "../tools/workspace.ts";
import { toVisible } from "./visible.ts";

export interface Approvals {
  /**
   * Resolves once a person decided, or with "deny" when none did in time. Emits the question and what
   * became of it. Throws the signal's reason; the question is gone then.
   */
  ask(question: Question, emit: (event: TurnEvent) => void, signal: AbortSignal): Promise<Answer>;
  /** Open questions of this person, oldest first. */
  list(person: string): ApprovalRequest[];
  /**
   * Throws `NOT_FOUND` for a question that is not this person's, or was answered, and `REQUEST_INVALID` for a
   * lasting answer to a question that offers none.
   */
  decide(person: string, id: string, decision: Decision): void;
}

export type Question = {
  session: string;
  why: string;
  /** What may be agreed to for longer than this call. */
  lasting?: string | undefined;
  call: BoundCall;
};

export type Answer =
  | { decision: "allow"; approval: Approval; until?: "session" | "always" }
  | { decision: "deny"; why: "person" | "timeout" };

/** What an approval is given for. */
export type BoundCall = {
  person: string;
  tool: string;
  argumentsJson: string;
  /** What would run, after everything that is done to the model's bytes. */
  input: unknown;
  workspace: Workspace;
};

export interface Approval {
  readonly person: string;
  /**
   * Whether this very call may run now. True at most once. Called right before the call runs, since files
   * may have been rewritten while the question was open.
   */
  spend(call: BoundCall): Promise<boolean>;
}

type Open = { person: string; request: ApprovalRequest; answer: (decision: Decision) => void };

export function createApprovals(deps: { clock: Clock; seconds: number }): Approvals {
  const { clock, seconds } = deps;
  const open = new Map<string, Open>();

  return {
    ask: async (question, emit, signal) => {
      const { session, why, lasting, call } = question;
      const { person, tool, input } = call;
      // Before the person reads it: what is rewritten while they read is rewritten in between.
      const binding = await bindingOf(call);
      const request: ApprovalRequest = {
        id: createId("apr", clock.now()),
        session,
        tool,
        why: toVisible(why),
        command: shownCommand(tool, input),
        ...(lasting === undefined ? {} : { lasting: toVisible(lasting) }),
        expiresAt: clock.now() + seconds * 1000,
      };
      const decided = Promise.withResolvers<Decision>();
      open.set(request.id, { person, request, answer: decided.resolve });
      const waiting = new AbortController();
      try {
        emit({ type: "approval", approval: request });
        const decision = await Promise.race([
          decided.promise,
          clock
            .sleep(seconds * 1000, AbortSignal.any([signal, waiting.signal]))
            .then((): "timeout" => "timeout"),
        ]);
        emit({
          type: "approval-decided",
          id: request.id,
          decision: decision === "timeout" ? "deny" : decision,
        });
        if (decision === "deny") return { decision, why: "person" };
        if (decision === "timeout") return { decision: "deny", why: decision };
        return { decision: "allow", approval: createApproval(person, binding), ...UNTIL[decision] };
      } finally {
        open.delete(request.id);
        waiting.abort();
      }
    },
    list: (person) =>
      [...open.values()].filter((one) => one.person === person).map(({ request }) => request),
    decide: (person, id, decision) => {
      const question = open.get(id);
      if (question?.person !== person) throw new Fault("NOT_FOUND", { what: "approval", id });
      if (isLasting(decision) && question.request.lasting === undefined) {
        const detail = "this question can be answered for one call only";
        throw new Fault("REQUEST_INVALID", { where: "decision", detail });
      }
      open.delete(id);
      question.answer(decision);
    },
  };
}

const UNTIL = {
  allow: {},
  "allow-session": { until: "session" },
  "allow-always": { until: "always" },
} as const;

const isLasting = (decision: Decision) => decision !== "deny" && "until" in UNTIL[decision];

function createApproval(person: string, binding: string): Approval {
  let spent = false;
  return {
    person,
    spend: async (call) => {
      if (spent) return false;
      spent = true;
      return (await bindingOf(call)) === binding;
    },
  };
}

async function bindingOf(call: BoundCall): Promise<string> {
  const { person, tool, argumentsJson, input, workspace } = call;
  const files = await Promise.all(
    namedFiles(input).map(async (path) => [path, await digestOf(workspace, path)]),
  );
  return sha256(JSON.stringify([person, tool, sha256(argumentsJson), workspace.root, files]));
}

/** What cannot be opened is bound as well: it must not become something that can. */
async function digestOf(workspace: Workspace, path: string): Promise<string> {
  try {
    return await workspace.digest(path);
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

/** Whole values come first, so that a long text in one argument cannot crowd out the path in another. */
const MAX_NAMED = 128;
const MAX_PATH_CHARS = 400;

/**
 * Every value and every word of the arguments that could be a path of the workspace. A shell has many ways
 * to name a file and this reads only the plain ones; the sandbox is what holds, this keeps an honest
 * question honest.
 */
export function namedFiles(input: unknown): string[] {
  const values = strings(input);
  const words = values.flatMap((value) => value.split(/[\s'"`;|&<>()=$]+/));
  const paths = [...values, ...words]
    .map((word) => word.replace(/^(\/workspace\/|\.\/)+/, ""))
    .filter((path) => path !== "" && path.length <= MAX_PATH_CHARS && !path.includes("\n"));
  return [...new Set(paths)].slice(0, MAX_NAMED);
}

function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : [];
}

/** Enough to judge by; what is left out is named by its size and its digest. */
const MAX_SHOWN_CHARS = 4_000;

function shownCommand(tool: string, input: unknown): string {
  const command =
    typeof input === "object" && input !== null && "command" in input ? input.command : undefined;
  const text = typeof command === "string" ? command : `${tool} ${JSON.stringify(input)}`;
  if (text.length <= MAX_SHOWN_CHARS) return toVisible(text);
  const half = MAX_SHOWN_CHARS / 2;
  const left = text.length - MAX_SHOWN_CHARS;
  return `${toVisible(text.slice(0, half))} [… ${left} characters not shown, SHA-256 of all ${sha256(text)} …] ${toVisible(text.slice(-half))}`;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
