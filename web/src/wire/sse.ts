/**
 * Reads server-sent events out of text that arrives in any pieces, as the HTML standard (§9.2.6) says.
 * The page cannot use `EventSource`: it sends no headers, and each request must carry the device proof.
 */

export type SseMessage = {
  /** The last id that the stream named, which stays for messages that name none. */
  id: string;
  data: string;
};

export interface SseParser {
  /** Takes the next piece and returns the messages that it completes; comments only keep the line open. */
  push(text: string): SseMessage[];
}

export function createSseParser(): SseParser {
  let rest = "";
  let id = "";
  let data: string[] = [];

  const readLine = (line: string): SseMessage | undefined => {
    if (line === "") {
      const message = data.length > 0 ? { id, data: data.join("\n") } : undefined;
      data = [];
      return message;
    }
    const { field, value } = splitLine(line);
    if (field === "data") data.push(value);
    // The standard ignores an id with NUL in it.
    if (field === "id" && !value.includes("\0")) id = value;
    return undefined;
  };

  return {
    push(text) {
      const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      return lines.map(readLine).filter((message) => message !== undefined);
    },
  };
}

/** The messages of a response body, until it ends. `onActivity` hears of every piece, comments too. */
export async function* readSse(
  body: ReadableStream<Uint8Array>,
  onActivity: () => void,
): AsyncGenerator<SseMessage> {
  const parser = createSseParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onActivity();
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // The consumer may have left early; a body that is still open would hold its connection.
    await reader.cancel().catch(() => undefined);
  }
}

function splitLine(line: string): { field: string; value: string } {
  const colon = line.indexOf(":");
  if (colon === -1) return { field: line, value: "" };
  const value = line.slice(colon + 1);
  return { field: line.slice(0, colon), value: value.startsWith(" ") ? value.slice(1) : value };
}
