import { Fault, ReportedFault } from "../../../base/fault.ts";
import type { PlanItem } from "../../../offline/plan.ts";
import type { Client } from "../../client.ts";
import { type Call, defineCommand } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";
import { watchKeeping } from "../../watch-keeping.ts";

/** What became of one thing that the config needs. */
type Outcome = {
  id: string;
  title: string;
  state: "here" | "fetched" | "failed";
  /** Of a model: how it calls tools, by its scorecard; "chat" is not at all. */
  tools?: "native" | "constrained" | "chat" | "unmeasured" | "unasked";
  why?: string;
};

export const offlinePrepare = defineCommand({
  name: "offline prepare",
  summary: "fetch what the config needs and is not here, and measure how each model calls tools",
  options: [
    ["--no-probe", "do not measure models that have no scorecard"],
    ["--json", "print what happens, one JSON value a line"],
  ],
  toJson: (fault) => ({ type: "failed", ...fault }),

  async run(call) {
    const { host, options, terminal, within, signal } = call;
    const plan = (await host.offline()).glance();
    const outcomes = await within((stop) =>
      host.withGateway((client) => prepare(plan, client, { ...call, signal: stop }), signal),
    );
    if (!outcomes) {
      terminal.say("Stopped. What was fetched stays, and the same command goes on from there.");
      return 130;
    }
    const well = outcomes.every(isWell);
    if (options["json"]) terminal.json({ type: "done", ok: well, outcomes });
    else print(outcomes, terminal);
    return well ? 0 : 1;
  },
});

const isWell = ({ state, tools }: Outcome) =>
  state !== "failed" && tools !== "chat" && tools !== "unmeasured";

async function prepare(
  plan: readonly PlanItem[],
  client: Client,
  call: Pick<Call, "options" | "terminal" | "signal">,
): Promise<Outcome[]> {
  const { signal } = call;
  const missing = plan.filter(({ state }) => state === "missing");
  if (missing.some(isFetched)) await refuseOffline(client, signal);
  const outcomes: Outcome[] = [];
  for (const item of plan) {
    if (item.state === "elsewhere") continue;
    const fetched = item.state === "here" ? toHere(item) : await obtain(item, client, call);
    const isModel = item.ref !== undefined && item.id !== "program:demo";
    if (!isModel || fetched.state === "failed") outcomes.push(fetched);
    else outcomes.push({ ...fetched, ...(await measure(item.ref ?? "", client, call)) });
  }
  return outcomes;
}

/** What a server or npm can fetch; a file of one's own is copied by hand. */
const isFetched = ({ kind }: PlanItem) => kind === "ollama" || kind === "engine";

/** Asking another program to download counts as internet. Throws `OFFLINE_PREPARE_MODE`. */
async function refuseOffline(client: Client, signal: AbortSignal): Promise<void> {
  const { mode } = await client.status(signal);
  if (mode === "internet") return;
  const { values } = await client.config("offline", signal);
  const capped = values.some(({ path, value }) => path === "offline" && value === true);
  throw new Fault("OFFLINE_PREPARE_MODE", { mode, capped });
}

const toHere = ({ id, title }: PlanItem): Outcome => ({ id, title, state: "here" });

/** What cannot be fetched is told, and the rest goes on: an hour's download is not lost for one name. */
async function obtain(
  item: PlanItem,
  client: Client,
  { terminal, options, signal }: Pick<Call, "terminal" | "options" | "signal">,
): Promise<Outcome> {
  const { id, title, ref = "", fix, why } = item;
  if (!isFetched(item)) return { id, title, state: "failed", why: `${why}: ${fix ?? ""}` };
  const [server = "", ...name] = ref.split("/");
  const steps =
    item.kind === "engine"
      ? client.installEngine({ gpu: "auto" }, signal)
      : client.pullModel({ name: name.join("/"), server }, signal);
  try {
    await watchKeeping(steps, terminal, Boolean(options["json"]));
    return { id, title, state: "fetched" };
  } catch (error) {
    if (!(error instanceof Fault || error instanceof ReportedFault)) throw error;
    return { id, title, state: "failed", why: `${error.code}: ${error.message}. ${error.fix}` };
  }
}

/** By the scorecard that there is, else by a probe. */
async function measure(
  ref: string,
  client: Client,
  { terminal, options, signal }: Pick<Call, "terminal" | "options" | "signal">,
): Promise<Pick<Outcome, "tools" | "why">> {
  const { models } = await client.models(signal);
  const kept = models.find((model) => model.ref === ref)?.scorecard;
  if (kept) return { tools: kept.mode, why: kept.why };
  if (options["probe"] === false) return { tools: "unasked" };
  try {
    for await (const event of client.probeModel({ model: ref }, signal)) {
      if (options["json"]) terminal.json(event);
      else if (event.type === "progress") terminal.progress(`${ref}: ${event.text}`);
      if (event.type === "scorecard")
        return { tools: event.scorecard.mode, why: event.scorecard.why };
      if (event.type === "failed")
        return { tools: "unmeasured", why: `${event.code}: ${event.message}` };
    }
    return { tools: "unmeasured" };
  } catch (error) {
    if (!(error instanceof Fault || error instanceof ReportedFault)) throw error;
    return { tools: "unmeasured", why: `${error.code}: ${error.message}. ${error.fix}` };
  } finally {
    terminal.progress(undefined);
  }
}

const TOOLS = {
  native: "calls tools",
  constrained: "calls tools in a forced form",
  chat: "CANNOT CALL TOOLS: it can only chat",
  unmeasured: "COULD NOT BE MEASURED",
  unasked: "was not measured",
};

function print(outcomes: readonly Outcome[], terminal: Terminal): void {
  terminal.table(
    outcomes.map(({ state, title, tools, why = "" }) => [
      state === "failed" ? terminal.red(state) : state,
      title,
      tools === undefined ? (state === "failed" ? why : "") : TOOLS[tools],
      tools === "chat" || tools === "unmeasured" ? why : "",
    ]),
  );
  const well = outcomes.every(isWell);
  terminal.print(
    well
      ? "All that the config needs is here. Carry it with `isopod offline bundle --out FOLDER`."
      : "Not all of it is here, or fit for the agent.",
  );
}
