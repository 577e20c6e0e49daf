import { readLines } from "./lines.ts";

export type ServerEvent = { id?: string; event?: string; data: string };

/**
 * Yields the events of a `text/event-stream` body (WHATWG HTML, 9.2): comments are passed over, several
 * `data` lines are joined by line ends, an event that the end cuts off is dropped.
 */
export async function* readServerEvents(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerEvent> {
  let id: string | undefined;
  let event: string | undefined;
  let data: string[] = [];
  for await (const line of readLines(body, { empty: true })) {
    if (line === "") {
      if (data.length > 0)
        yield { data: data.join("\n"), ...(id && { id }), ...(event && { event }) };
      data = [];
      event = undefined;
      continue;
    }
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") data.push(value);
    else if (field === "id") id = value;
    else if (field === "event") event = value;
  }
}
