import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { ChatRequest, EmbedRequest, Provider } from "../provider.ts";
import type { Attendance } from "./attended.ts";
import { toCount } from "./plausible.ts";
import type { Entry } from "./scheduler.ts";
import type { Sending } from "./sending.ts";

/**
 * The same as `attended` does for chats: embeddings take their turn before the server, have an end, and are
 * heard of. Nothing where the provider makes none.
 */
export function attendedEmbed(
  { id, embed }: Provider,
  { scheduler, timeouts, clock, ear, onEnd, onBegin = () => () => {} }: Attendance,
): Pick<Provider, "embed"> {
  if (!embed) return {};
  return {
    async embed(request, signal) {
      const { priority = "person", model } = request;
      const asked = toAsked(request);
      const settled = ear?.begins(asked);
      const entry = scheduler.join({ priority, model });
      const place = scheduler.take(entry) ?? (await wait(entry, settled, signal));
      const over = onBegin();
      const late = createDeadline(id, timeouts.firstTokenMs, clock);
      const { giveWay } = place;
      let sending: Sending | undefined;
      try {
        sending = ear?.sends(model);
        const stops = [signal, late.signal, giveWay, sending?.signal];
        const stop = AbortSignal.any(stops.filter((stop) => stop !== undefined));
        const made = await embed(request, stop);
        const embedding = { ...made, inputTokens: toCount(made.inputTokens) };
        onEnd(undefined);
        const { inputTokens } = embedding;
        ear?.ends(asked, { type: "done", reason: "stop", usage: { inputTokens, outputTokens: 0 } });
        return embedding;
      } catch (error) {
        if (giveWay?.aborted && !signal.aborted) {
          throw new Fault("MODEL_GAVE_WAY", { provider: id }, { cause: error });
        }
        if (error instanceof Fault && !signal.aborted) onEnd(error);
        throw error;
      } finally {
        late.end();
        over();
        sending?.over();
        place.leave();
        settled?.();
      }
    },
  };

  async function wait(entry: Entry, settled: (() => void) | undefined, signal: AbortSignal) {
    try {
      return await scheduler.wait(entry, signal);
    } catch (error) {
      settled?.(); // it went away before its turn
      throw error;
    }
  }
}

/** For books. In the background, because it tells nothing of a chat to those who learn from chats. */
const toAsked = ({ model, person, contextTokens }: EmbedRequest): ChatRequest => ({
  model,
  system: "",
  tools: [],
  messages: [],
  maxTokens: 0,
  contextTokens,
  priority: "background",
  ...(person !== undefined && { person }),
});

function createDeadline(provider: string, ms: number, clock: Clock) {
  const late = new AbortController();
  const ended = new AbortController();
  clock.sleep(ms, ended.signal).then(
    () => {
      const seconds = Math.ceil(ms / 1000);
      late.abort(new Fault("MODEL_TIMEOUT", { provider, what: "embedding", seconds }));
    },
    () => undefined, // woken by `end` alone
  );
  return { signal: late.signal, end: () => ended.abort("over") };
}
