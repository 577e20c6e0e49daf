import { restore, restoreIn } from "../../models/hostile.ts";

/** What `neutralise` puts into control tokens; a model that quotes one repeats it. */
const MARK = "\u2060";
/** The longest control token with its marks is shorter, and none has white space in it. */
const MAX_TOKEN_LENGTH = 300;

export interface Restorer {
  push(text: string): void;
  /** Hands on what is held back. */
  flush(): void;
}

/**
 * A stream of text as `restore` would give the whole of it: a client's own `<s>` must come back as it was
 * sent. Text without marks goes straight through; what follows a mark waits until it is a whole token, or
 * cannot become one.
 */
export function createRestorer(emit: (text: string) => void): Restorer {
  let held = "";
  let before = "";
  const hand = (marked: string) => {
    const text = restore(before + marked).slice(before.length);
    if (text === "") return;
    before = text.at(-1) ?? "";
    emit(text);
  };
  return {
    push: (text) => {
      const all = held + text;
      const whole = wholeLength(all);
      held = all.slice(whole);
      hand(all.slice(0, whole));
    },
    flush: () => {
      const rest = held;
      held = "";
      hand(rest);
    },
  };
}

/** How much of a text is not, and cannot become, the inside of a token: up to a mark that may begin one. */
function wholeLength(text: string): number {
  if (!text.includes(MARK)) return text.length;
  const word = /\S*$/.exec(text)?.index ?? 0;
  const mark = text.indexOf(MARK, word);
  return mark === -1 || text.length - mark > MAX_TOKEN_LENGTH ? text.length : mark;
}

/** A call's arguments as the client meant them; the server's own bytes where nothing in them was marked. */
export function restoreArguments(json: string): string {
  if (!json.includes(MARK) && !/\\u2060/i.test(json)) return json;
  try {
    return JSON.stringify(restoreIn(JSON.parse(json)));
  } catch {
    // Arguments that are no JSON are the client's to refuse; what it sees is at least its own text.
    return restore(json);
  }
}
