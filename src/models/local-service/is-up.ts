import { Fault } from "../../base/fault.ts";
import type { Egress } from "../../network/egress.ts";
import { joinUrl } from "../model-server.ts";
import { rootOf } from "../presets.ts";

/** On this machine a server that is up answers in milliseconds, and one that loads says so. */
const ANSWER_MS = 2_000;

/**
 * Asks a server whether it has started: `/health` of llama.cpp, vLLM and SGLang (503 while they load),
 * `/api/version` of Ollama, else its models. Never rejects but with the signal's reason.
 */
export function createIsUp(
  baseUrl: string,
  egress: Egress,
): (signal: AbortSignal) => Promise<boolean> {
  const root = rootOf(baseUrl);

  async function ask(path: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      const url = joinUrl(root, path);
      const purpose = "models.service";
      const response = await egress.request({ url, purpose, headTimeoutMs: ANSWER_MS, signal });
      await response.text();
      return response.status;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Fault && error.code === "EGRESS_BLOCKED") throw error;
      return undefined; // nothing listens yet, or it is busy starting
    }
  }

  return async (signal) => {
    for (const path of PATHS) {
      const status = await ask(path, signal);
      if (status === undefined || status === 503) return false;
      if (status < 500 && status !== 404) return true; // also where it wants a key
    }
    return false;
  };
}

const PATHS = ["/health", "/api/version", "/v1/models"];
