/** What the files of an agent share: built once, held by nothing else. */

import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Documents } from "../documents/documents.ts";
import type { Router } from "../models/candidate.ts";
import type { Counted } from "../models/cost/price.ts";
import type { Mode, TurnEvent } from "../protocol/event.ts";
import type { SandboxChoice } from "../sandbox/sandbox.ts";
import type { Store, StoredMessage, Turn } from "../store/store.ts";
import type { Grants, Tool, ToolContext } from "../tools/tool.ts";
import type { Workspace } from "../tools/workspace.ts";
import { type Approvals, createApprovals } from "./approvals.ts";
import { createMeter } from "./context-window.ts";
import { createGrantBook, type GrantBook } from "./grants.ts";
import { createHeads } from "./head.ts";
import { createLanes, type Lanes } from "./lanes.ts";
import { createLive, type Live } from "./live.ts";
import { createMemory } from "./memory.ts";
import { createPrints } from "./prefix/requests.ts";
import type { AgentSettings } from "./settings.ts";
import { createStandIns } from "./stand-in.ts";
import { createTextGates } from "./text-gate.ts";
import { createMinuteText, type Told } from "./turn-context.ts";
import { type ContextOf, runTurn, type TurnDeps } from "./turns.ts";

export type AgentDeps = {
  store: Store;
  router: Router;
  /** In the order in which they are listed to models. */
  tools: readonly Tool[];
  workspace: Workspace;
  /** The own workspace of a private session: what is written there no other session reads. */
  privateWorkspace: (session: string) => Promise<Workspace>;
  /** What people let it search; nothing without it. */
  documents?: Pick<Documents, "of">;
  /** Asked anew for each turn: a probe may pass or fail while the gateway runs. */
  sandbox: () => SandboxChoice;
  mode: () => Mode;
  /** What cannot be reached although the mode allows it, for the model; undefined where nothing is the matter. */
  link?: () => string | undefined;
  settings: AgentSettings;
  /** What a request cost; undefined for a model without a price. */
  costOf?: (ref: string, usage: Counted) => number | undefined;
  /** A server has dropped a part of a prompt without a word: it holds no more than so many tokens. */
  onCut?: (ref: string, heldTokens: number) => void;
  /** Such as "Europe/Berlin"; the system's without it. */
  timeZone?: string;
  clock: Clock;
  log: Log;
  /** Everything that happens in a turn, in order. Must not throw. */
  emit(person: string, session: string, turn: string, event: TurnEvent): void;
  /** A message is on disk. Must not throw. */
  onMessage?(person: string, message: StoredMessage): void;
  /** Title, time or business of a session changed. Must not throw. */
  onSession?(person: string, session: string): void;
};

export type Parts = {
  deps: AgentDeps;
  turnDeps: TurnDeps;
  lanes: Lanes<Turn>;
  approvals: Approvals;
  grants: GrantBook;
  /** By turn. */
  live: Map<string, Live>;
  /** By session. */
  told: Map<string, Told>;
  minute: (at: number) => string;
};

export function createParts(deps: AgentDeps): Parts {
  const { store, router, tools, clock, log, settings } = deps;
  const { defaults } = settings;
  const approvals = createApprovals({ clock, seconds: defaults.approvalSeconds });
  const grants = createGrantBook(store.values);
  const live: Parts["live"] = new Map();
  const told: Parts["told"] = new Map();
  const turnDeps: TurnDeps = {
    store,
    router,
    tools,
    heads: createHeads(tools),
    gates: createTextGates(tools),
    approvals,
    meter: createMeter(),
    prints: createPrints(),
    costOf: deps.costOf,
    onCut: deps.onCut,
    defaults,
    clock,
    log,
    toolContext: async (of) => toolContext(deps, of, await grants.of(of)),
    standIns: createStandIns(),
    resumed: new Set(),
    onAppend: (turn, message) => {
      const forget = live.get(turn.id)?.mark();
      return () => {
        forget?.();
        deps.onMessage?.(turn.owner, message);
      };
    },
    onCompaction: (session) => void told.delete(session),
  };
  const onSession = ({ owner, session }: Turn) => deps.onSession?.(owner, session);
  const lanes = createLanes<Turn>({
    run: async (turn, signal) => {
      const own = createLive();
      live.set(turn.id, own);
      onSession(turn);
      const emit = (event: TurnEvent) => {
        own.add(event);
        deps.emit(turn.owner, turn.session, turn.id, event);
      };
      await runTurn(turnDeps, turn, emit, signal);
      live.delete(turn.id);
    },
    onFree: onSession,
  });
  const minute = createMinuteText(deps.timeZone);
  return { deps, turnDeps, lanes, approvals, grants, live, told, minute };
}

async function toolContext(
  deps: AgentDeps,
  of: ContextOf,
  grants: Grants,
): Promise<Omit<ToolContext, "signal">> {
  const choice = deps.sandbox();
  const memory = createMemory(deps.store.memories, of, deps.clock);
  const workspace = of.private ? await deps.privateWorkspace(of.session) : deps.workspace;
  const documents = deps.documents?.of(of);
  const reach = () => ({ mode: deps.mode(), private: of.private });
  const shared = { workspace, memory, reach, grants, ...(documents && { documents }) };
  if (choice.ok) return { ...shared, sandbox: choice.sandbox };
  const { reason, fix } = choice;
  return { ...shared, sandbox: undefined, sandboxOff: { reason, fix } };
}
