/** Stands between the gateway and a model server, passes everything on, and keeps what the server says of its work. */

import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** Of one answer, in llama.cpp's own words: tokens that it evaluated, had in its cache, and wrote. */
export type Timings = { prompt_n: number; cache_n: number; predicted_n: number };

export async function startTee(target: string) {
  const seen: Timings[] = [];
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", target);
    const { method, headers } = incoming;
    const onward = send(url, { method, headers: { ...headers, host: url.host } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      let rest = "";
      answer.setEncoding("utf8");
      answer.on("data", (text: string) => {
        outgoing.write(text);
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) keep(line);
      });
      answer.on("end", () => {
        keep(rest);
        outgoing.end();
      });
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  });

  function keep(line: string): void {
    const json = line.startsWith("data: ") ? line.slice(6) : line;
    if (!json.startsWith("{") || !json.includes('"prompt_n"')) return;
    const { timings } = JSON.parse(json) as { timings?: Partial<Timings> };
    const { prompt_n, cache_n = 0, predicted_n = 0 } = timings ?? {};
    if (prompt_n !== undefined) seen.push({ prompt_n, cache_n, predicted_n });
  }

  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}
