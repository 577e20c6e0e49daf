import { exitOf, Fault } from "../../base/fault.ts";
import type { Decision, SessionSummary, TurnEvent } from "../../protocol/event.ts";
import type { Image } from "../../protocol/message.ts";
import type { Client } from "../client.ts";
import { type Call, defineCommand } from "../command.ts";
import { GET_A_MODEL } from "../describe.ts";
import { createPrinter } from "../print-turn.ts";
import { readImages } from "../read-images.ts";

export const chat = defineCommand({
  name: "chat",
  summary: "say something to the agent; without a message, have a conversation",
  arguments: [["[message...]", "what to say; read from standard input where that is a pipe"]],
  options: [
    ["--json", "print the events, one JSON object a line"],
    ["--session <id>", "go on in the session of this id, or of this title (made at its first use)"],
    [
      "--model <provider/model>",
      'let this model answer, and no other; "auto" gives the choice back',
    ],
    ["--image <file>", "show it an image with the first message; may be repeated", "repeatable"],
    ["--private", "a new session that no model beyond your own machines is asked in, in any mode"],
  ],

  // A script reads events, and the last is `done` or `failed`, also where no turn began.
  toJson: (fault) => ({ type: "failed", ...fault }),

  async run(call) {
    const { args, host, terminal, options } = call;
    const images = await readImages(options["image"]);
    const text = args.join(" ") || (await terminal.readInput()).trim();
    if (!text && (!terminal.interactive || options["json"])) {
      throw new Fault("USAGE", { detail: "there is no message", command: "isopod chat" });
    }
    return host.withGateway(async (client) => {
      const opened = await openSession(client, call);
      const session = opened.id;
      await sayWhoAnswers(client, { ...opened, text }, call);
      return text
        ? takeTurn(client, session, toMessage(text, images), call)
        : converse(client, session, images, call);
    }, call.signal);
  },
});

async function openSession(client: Client, { options, signal }: Call): Promise<Opened> {
  const { session: wanted, model } = options;
  const isPrivate = options["private"] === true;
  const more = {
    ...(typeof model === "string" && model !== AUTOMATIC && { model }),
    ...(isPrivate && { private: true }),
  };
  if (typeof wanted !== "string") return client.createSession(more, signal);
  const { sessions } = await client.sessions(signal);
  const known = sessions.find(({ id, title }) => id === wanted || title === wanted);
  if (!known && !ID.test(wanted)) {
    return client.createSession({ ...more, title: wanted }, signal);
  }
  const found = known ?? (await client.session(wanted, signal)).session; // throws NOT_FOUND
  if (isPrivate && !found.private) {
    const detail = `"${wanted}" was not begun as private, and what was said in it may have left already`;
    throw new Fault("USAGE", { detail, command: "isopod chat" });
  }
  if (typeof model === "string") {
    await client.updateSession(found.id, { model: model === AUTOMATIC ? null : model }, signal);
  }
  return found;
}

type Opened = Pick<SessionSummary, "id" | "private">;

/** In place of a model's name: no model is picked any more. */
const AUTOMATIC = "auto";

/** What looks like an id must be one: a session that is gone is not made anew under another id. */
const ID = /^ses_/;

/** With the way back to the session, ahead: it must be known after an interrupt too. */
async function sayWhoAnswers(client: Client, of: Opened & { text: string }, call: Call) {
  const { options, terminal, signal } = call;
  const { id: session, text, private: isPrivate } = of;
  if (options["json"]) {
    const text = `Go on with --session ${session}`;
    const mark = isPrivate ? { private: true } : {};
    return terminal.json({ type: "note", code: "SESSION", text, session, ...mark });
  }
  const { model, privateWorkspaces } = await client.status(signal);
  const say = (line: string) => terminal.say(terminal.dim(line));
  if (model?.demonstration) {
    say(`The built-in demonstration model answers. For a real one ${GET_A_MODEL}`);
  }
  const how = text ? ` (go on with --session ${session})` : ". /exit or Ctrl-D ends.";
  say(`${isPrivate ? "Private session" : "Session"} ${session}${how}`);
  if (isPrivate) say(`Its files are in ${privateWorkspaces}/${session}, for it alone`);
}

/** Until the end of input, or /exit. A first Ctrl-C stops the turn, at the prompt it ends the conversation. */
async function converse(
  client: Client,
  session: string,
  images: readonly Image[],
  call: Call,
): Promise<number> {
  const { terminal, signal } = call;
  for (;;) {
    const text = await terminal.ask("\n> ", signal);
    if (text === undefined || text.trim() === "/exit") return 0;
    if (text.trim() === "") continue;
    const message = toMessage(text.trim(), images);
    images = []; // they went with the first
    await call.within((signal) => takeTurn(client, session, message, { ...call, signal }));
  }
}

const toMessage = (text: string, images: readonly Image[]) =>
  images.length > 0 ? { text, images } : { text };

/** Sends one message and shows what comes of it. Interrupted, it stops the turn and says so. */
async function takeTurn(
  client: Client,
  session: string,
  message: { text: string; images?: readonly Image[] },
  call: Call,
): Promise<number> {
  const { terminal, options, signal } = call;
  const print = options["json"]
    ? (event: TurnEvent) => terminal.json(event)
    : createPrinter(terminal);
  const after = await client.session(session, signal);
  const watching = new AbortController(); // the stream outlives an interrupt, to see the turn end
  const stop = () => void client.stopTurn(session, watching.signal).catch(() => watching.abort());
  try {
    const events = client.events(after.cursor, watching.signal);
    const attended = terminal.interactive && !options["json"];
    const { turn } = await client.sendMessage(session, { ...message, attended }, signal);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    for await (const app of events) {
      if (app.type === "resync")
        throw new Fault("GATEWAY_SILENT", {
          address: "the event stream",
          detail: "it lost its place",
        });
      if (app.type !== "turn" || app.turn !== turn) continue;
      print(app.event);
      if (app.event.type === "approval" && attended) await answer(client, app.event, call);
      if (app.event.type === "done") return 0;
      if (app.event.type === "failed") return exitOf(app.event.code);
    }
    throw new Fault("GATEWAY_SILENT", {
      address: "the event stream",
      detail: "it ended before the turn did",
    });
  } finally {
    signal.removeEventListener("abort", stop);
    watching.abort();
  }
}

async function answer(
  client: Client,
  event: Extract<TurnEvent, { type: "approval" }>,
  call: Call,
): Promise<void> {
  const { id, why, lasting } = event.approval;
  const choices = lasting === undefined ? "[y/N]" : "[y/N, s = in this session, a = always]";
  const reply = await call.terminal.ask(`${why}. Allow it? ${choices} `, call.signal);
  await client.decide(id, toDecision(reply, lasting !== undefined), call.signal);
}

/** Whatever is not plainly a yes is a no. */
function toDecision(reply: string | undefined, isLasting: boolean): Decision {
  const word = reply?.trim().toLowerCase() ?? "";
  if (/^y(es)?$/.test(word)) return "allow";
  if (isLasting && word === "s") return "allow-session";
  return isLasting && word === "a" ? "allow-always" : "deny";
}
