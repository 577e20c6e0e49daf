/**
 * A fake of llama.cpp's server in router mode, written from tools/server/README.md of ggml-org/llama.cpp:
 * it lists, loads, unloads, downloads and deletes. A load or a download is over after two more listings.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type State = { value: string; failed?: boolean; left: number };

export interface FakeLlamacppRouter {
  readonly url: string;
  /** What was asked, such as "POST /models/load a". */
  readonly asked: string[];
  /** Each model's state. */
  readonly models: Map<string, State>;
  close(): Promise<void>;
}

const LISTINGS = 2;

export async function startLlamacppRouter(
  names: readonly string[],
  { broken = [] as readonly string[] } = {},
): Promise<FakeLlamacppRouter> {
  const models = new Map(names.map((name) => [name, { value: "unloaded", left: 0 } as State]));
  const asked: string[] = [];

  function list() {
    const data = Array.from(models, ([id, state]) => {
      if (state.left > 0 && --state.left === 0) finish(id, state);
      const progress = { [`https://${id}`]: { done: LISTINGS - state.left, total: LISTINGS } };
      const downloads = state.value === "downloading";
      return { id, status: { ...state, ...(downloads && { progress }) } };
    });
    return { data };
  }

  function finish(id: string, state: State): void {
    if (state.value === "loading" && broken.includes(id)) {
      models.set(id, { value: "unloaded", failed: true, left: 0 });
    } else if (state.value === "loading") state.value = "loaded";
    else if (state.value === "downloading") state.value = "unloaded";
  }

  function change(path: string, model: string): object {
    const begin = (value: string) => void models.set(model, { value, left: LISTINGS });
    if (path === "/models/load") begin("loading");
    if (path === "/models") begin("downloading");
    if (path === "/models/unload") models.set(model, { value: "unloaded", left: 0 });
    return { success: true };
  }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://fake");
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const { model = searchParams.get("model") ?? "" } = text
      ? (JSON.parse(text) as { model?: string })
      : {};
    const method = request.method ?? "GET";
    asked.push(`${method} ${pathname} ${model}`.trim());
    const json = (value: object) => response.end(JSON.stringify(value));
    if (method === "DELETE") return json({ success: models.delete(model) });
    if (method === "POST") return json(change(pathname, model));
    if (pathname === "/models") return json(list());
    if (pathname === "/props") return json({ role: "router" });
    if (pathname === "/slots") return json([{ n_ctx: 4096, is_processing: true }, { n_ctx: 4096 }]);
    return response.writeHead(404).end("{}");
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // TCP, so never a string
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    models,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
