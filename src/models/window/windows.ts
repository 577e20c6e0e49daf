/**
 * Closes the loop of the context window: what was asked for is checked against what is held, once for each
 * server, model and size, in the background, never before a person's turn; after every load again. What
 * holds less is used with less.
 */

import { createHash } from "node:crypto";

import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Locality } from "../../protocol/event.ts";
import type { WindowReport } from "../../protocol/window.ts";
import type { Candidate } from "../candidate.ts";
import type { ChatWatch, WatchedChat } from "../watch.ts";
import { checkSlots } from "./check-slots.ts";
import { checkWindow } from "./check-window.ts";
import { type Finding, fromStored, toStored } from "./finding.ts";

export type WindowsDeps = {
  /** The model as it is used; nothing is sent by this. */
  candidate: (ref: string, signal: AbortSignal) => Promise<Candidate | undefined>;
  slotAdvice: (ref: string) => string;
  values: {
    get(key: string): Promise<string | undefined>;
    set(key: string, value: string): Promise<void>;
  };
  clock: Clock;
  /** A check in the background failed; it is tried again after the next answer. */
  onFailure: (error: unknown) => void;
};

export interface Windows extends ChatWatch {
  /** With the window that its server really holds. */
  limit(candidate: Candidate): Candidate;
  /** A turn found out that a prompt was cut: no more than this is sent from now on. */
  learnCut(ref: string, heldTokens: number): void;
  /** Looks now. Throws as `Provider.chat` does. */
  check(candidate: Candidate, signal: AbortSignal): Promise<WindowReport>;
  /** What is known, of the models that were used. */
  reports(): WindowReport[];
  close(): Promise<void>;
}

/** So long nobody has asked for anything: a check must not stand before the next message. */
const IDLE_MS = 30_000;
/** A server that says so loaded the model for this request. */
const LOADED_MS = 150;
/** Instructions and tools take about 800 tokens; below this nothing can be done with a model. */
export const LEAST_HELD_TOKENS = 1_024;
/** The clouds' windows are what they say, and looking would cost money. */
const OWN: readonly Locality[] = ["device", "lan", "mesh"];
const KEY = "windows";

export async function createWindows(deps: WindowsDeps): Promise<Windows> {
  const { clock, values } = deps;
  const findings = fromStored(await values.get(KEY));
  /** What was asked for, before it was limited. */
  const asked = new Map<string, { contextTokens: number; key: string }>();
  const due = new Set<string>();
  const quiet = createQuiet(clock, checkDue, deps.onFailure);

  async function keep(finding: Finding): Promise<void> {
    findings.set(finding.ref, finding);
    await values.set(KEY, toStored(findings));
  }

  async function check(candidate: Candidate, signal: AbortSignal): Promise<WindowReport> {
    const { ref } = candidate;
    const { contextTokens, key } = asked.get(ref) ?? keyOf(candidate);
    const window = await checkWindow({ ...candidate, contextTokens }, signal);
    const slots = await checkSlots(candidate, signal);
    const heldTokens = "heldTokens" in window ? window.heldTokens : contextTokens;
    const why = "why" in window ? { why: window.why } : {};
    const about = { ref, key, contextTokens, heldTokens, state: window.state, ...why };
    const finding: Finding = { ...about, slots: slots.state, at: clock.now() };
    await keep(finding);
    due.delete(ref);
    return toReport(finding, deps.slotAdvice);
  }

  async function checkDue(signal: AbortSignal): Promise<void> {
    for (const ref of due) {
      const candidate = await deps.candidate(ref, signal);
      due.delete(ref);
      if (!candidate || !isChecked(candidate)) continue;
      await check(candidate, signal);
    }
  }

  function isDue({ ref, locality }: WatchedChat, loadMs: number): boolean {
    if (!OWN.includes(locality)) return false;
    const known = findings.get(ref);
    const current = asked.get(ref);
    return !known || (current !== undefined && known.key !== current.key) || loadMs >= LOADED_MS;
  }

  return {
    check,
    limit(candidate) {
      const { ref } = candidate;
      const now = keyOf(candidate);
      asked.set(ref, now);
      const known = findings.get(ref);
      if (known?.state !== "cut" || known.key !== now.key) return candidate;
      return { ...candidate, contextTokens: Math.min(candidate.contextTokens, known.heldTokens) };
    },
    learnCut(ref, heldTokens) {
      const now = asked.get(ref);
      if (!now) return;
      due.add(ref); // a count in passing is no proof: it is looked at when it is quiet
      if (heldTokens < LEAST_HELD_TOKENS) return;
      const slots = findings.get(ref)?.slots ?? "unknown";
      const about = { ref, key: now.key, contextTokens: now.contextTokens, heldTokens };
      keep({ ...about, state: "cut", slots, at: clock.now() }).catch(deps.onFailure);
    },
    begins({ ref, request }) {
      if (request.priority === "background") return;
      quiet.disturb();
      const known = findings.get(ref);
      if (known?.state !== "cut" || known.key !== asked.get(ref)?.key) return;
      const { heldTokens } = known;
      if (heldTokens >= LEAST_HELD_TOKENS) return;
      throw new Fault("MODEL_WINDOW_UNUSABLE", { ref, heldTokens, least: LEAST_HELD_TOKENS });
    },
    ends(chat, { timings }) {
      if (chat.request.priority === "background") return;
      if (isDue(chat, timings?.loadMs ?? 0)) due.add(chat.ref);
      if (due.size > 0) quiet.wait();
    },
    reports: () => [...findings.values()].map((finding) => toReport(finding, deps.slotAdvice)),
    close: () => quiet.close(),
  };
}

/** Works once nobody has asked for anything for a while; whoever comes sends it away. */
function createQuiet(
  clock: Clock,
  work: (signal: AbortSignal) => Promise<void>,
  onFailure: (error: unknown) => void,
) {
  const closing = new AbortController();
  let waiting: AbortController | undefined;
  let running: Promise<void> = Promise.resolve();
  return {
    disturb: () => waiting?.abort(SOMEBODY_CAME),
    /** From now on, not from an earlier call. */
    wait() {
      waiting?.abort(SOMEBODY_CAME);
      waiting = new AbortController();
      const signal = AbortSignal.any([waiting.signal, closing.signal]);
      running = clock
        .sleep(IDLE_MS, signal)
        .then(() => work(signal))
        .catch((error: unknown) => {
          const gaveWay = error instanceof Fault && error.code === "MODEL_GAVE_WAY";
          if (!signal.aborted && !gaveWay) onFailure(error);
        });
    },
    async close() {
      closing.abort(SOMEBODY_CAME);
      await running;
    },
  };
}

/** Of a reason of its own: nobody hears of it. */
const SOMEBODY_CAME = "somebody came";

/** Our own engine makes its own prompt of what it is sent, and a model that embeds only says nothing. */
const isChecked = ({ model, locality }: Candidate) =>
  OWN.includes(locality) && !model.fitsItself && model.chat !== false;

/** Another server, other weights or another size are looked at anew. */
function keyOf({ provider, model, contextTokens }: Candidate) {
  const about = [provider.baseUrl, model.id, model.digest ?? model.sizeBytes ?? "", contextTokens];
  const key = createHash("sha256").update(JSON.stringify(about)).digest("hex").slice(0, 16);
  return { contextTokens, key };
}

function toReport(known: Finding, advice: (ref: string) => string): WindowReport {
  const { key: _key, ...finding } = known;
  return { ...finding, ...(finding.slots === "evicted" && { advice: advice(finding.ref) }) };
}
