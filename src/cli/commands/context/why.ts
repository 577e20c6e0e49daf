import { Fault } from "../../../base/fault.ts";
import type { ContextReport, RequestReport } from "../../../protocol/context.ts";
import type { SessionSummary } from "../../../protocol/event.ts";
import { type Command, defineCommand } from "../../command.ts";

export const contextWhy: Command = defineCommand({
  name: "context why",
  summary: "say why a model server read again what it had read before, and what that cost",
  arguments: [["[session]", "its id or title; the newest one without it"]],
  options: [["--json", "print JSON"]],

  async run({ host, args, options, terminal, signal }) {
    const report = await host.withGateway(async (client) => {
      const { sessions } = await client.sessions(signal);
      return client.context(find(sessions, args[0]).id, signal);
    }, signal);
    if (options["json"]) terminal.json(report);
    else for (const line of toLines(report)) terminal.print(line);
    return 0;
  },
});

/** Newest first, so a title means the newest of that name. */
function find(sessions: readonly SessionSummary[], named: string | undefined): SessionSummary {
  const found =
    named === undefined
      ? sessions[0]
      : (sessions.find(({ id }) => id === named) ?? sessions.find(({ title }) => title === named));
  if (found) return found;
  if (named !== undefined) throw new Fault("NOT_FOUND", { what: "session", id: named });
  const what = "a conversation: there was none yet";
  throw new Fault("NOT_FOUND", { what, instead: 'Have one first: `isopod chat "hello"`' });
}

function* toLines({ broken, requests, totals }: ContextReport): Generator<string> {
  const { inputTokens, lostTokens, lostShare } = totals;
  if (requests.length === 0) {
    yield "No request was answered in this session yet.";
    return;
  }
  const requested = totals.requests === 1 ? "1 request" : `${totals.requests} requests`;
  yield `${requested}, ${inputTokens} prompt tokens; ${lostTokens} of them (${percent(lostShare)}) were read again.`;
  const last = requests.at(-1);
  if (last) yield `The last one: ${cachedOf(last)}.`;
  if (!broken) {
    yield "The prefix held: each request went on where the one before had ended.";
    return;
  }
  yield "";
  yield `At ${new Date(broken.at).toLocaleString("sv")}, "${broken.model}" read ${broken.lostTokens} tokens again${secondsOf(broken)}.`;
  yield broken.text;
  yield `  fix   ${broken.advice}`;
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
const secondsOf = ({ lostSeconds }: RequestReport) =>
  lostSeconds === null ? "" : `, about ${lostSeconds.toFixed(1)} s`;

const cachedOf = ({ inputTokens, cachedTokens, estimated }: RequestReport) =>
  cachedTokens === null
    ? `${inputTokens} tokens; the server does not say how many it had`
    : `${inputTokens} tokens, of which the server had ${estimated ? "about " : ""}${cachedTokens}`;
