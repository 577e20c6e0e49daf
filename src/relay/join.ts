/** The other side of a pairing: this device asks one that shares, and keeps the token it gets. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Fault } from "../base/fault.ts";
import { readAddress } from "../network/address.ts";
import type { Egress } from "../network/egress.ts";
import { type PinOf, readFingerprint, toFingerprint } from "../network/pin.ts";
import { PairAnswer, type ShareJoin, type ShareJoined } from "../protocol/share.ts";
import { toRefused, toUnreachable } from "./copy.ts";
import { parseShareLink } from "./link.ts";

export type JoinOptions = {
  /** A way to this one host, which a person named just now; to be closed. */
  openEgress(host: string, pinOf: PinOf): Egress & { close(): void };
  /** Tokens lie there, as every secret of the config does. */
  secretsFolder: string;
};

export interface Join {
  /** What key the device shows, for a person to compare. Nothing is sent to it. */
  look(url: string, signal: AbortSignal): Promise<{ url: string; fingerprint: string }>;
  /** Throws `SHARE_LINK_INVALID`, `SHARE_FINGERPRINT`, `SHARE_UNREACHABLE`, or what the other device says. */
  join(asked: ShareJoin, signal: AbortSignal): Promise<ShareJoined>;
}

const HEAD_MS = 15_000;
const MAX_ANSWER_BYTES = 512 * 1024;

export function createJoin({ openEgress, secretsFolder }: JoinOptions): Join {
  /** Sends one request where the key is right, and tells what key was seen. */
  async function reach(
    address: string,
    isRight: (fingerprint: string) => boolean,
    body: string,
    signal: AbortSignal,
  ) {
    const { url } = parseShareLink(address);
    let pin: string | undefined;
    const egress = openEgress(new URL(url).hostname, () => (found) => {
      pin = found;
      return isRight(toFingerprint(found));
    });
    try {
      const response = await egress.request({
        url: `${url}/isopod/pair`,
        purpose: "models.add",
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        headTimeoutMs: HEAD_MS,
        signal,
      });
      if (response.status !== 200) throw await toRefused(url, response);
      return { url, pin, text: await response.text(MAX_ANSWER_BYTES) };
    } catch (error) {
      if (error instanceof Fault && error.code === "EGRESS_PIN_MISMATCH" && pin !== undefined) {
        return { url, pin, text: undefined };
      }
      throw toUnreachable(url, error, signal);
    } finally {
      egress.close();
    }
  }

  return {
    async look(address, signal) {
      // No key is right yet: the connection ends before anything is sent.
      const { url, pin = "" } = await reach(address, () => false, "", signal);
      return { url, fingerprint: toFingerprint(pin) };
    },

    async join({ url: address, code, fingerprint: typed, id, device }, signal) {
      const wanted = readFingerprint(typed);
      if (wanted === undefined) {
        throw new Fault("SHARE_LINK_INVALID", { detail: "the fingerprint has 24 letters" });
      }
      const isRight = (found: string) => found === wanted;
      const body = JSON.stringify({ code, device });
      const { url, pin = "", text } = await reach(address, isRight, body, signal);
      if (text === undefined) {
        const found = toFingerprint(pin);
        throw new Fault("SHARE_FINGERPRINT", { host: new URL(url).host, found });
      }
      const { token, scopes, product, models } = readAnswer(url, text);
      const file = `share-${id}.key`;
      mkdirSync(secretsFolder, { recursive: true, mode: 0o700 });
      writeFileSync(join(secretsFolder, file), `${token}\n`, { mode: 0o600 });
      const provider = {
        api: product === "ollama" ? "ollama" : "openai-completions",
        baseUrl: product === "ollama" ? url : `${url}/v1`,
        apiKey: { file },
        pin,
        locality: localityOf(url),
      };
      return { id, provider, scopes, models };
    },
  };
}

function readAnswer(url: string, text: string): PairAnswer {
  try {
    return PairAnswer.parse(JSON.parse(text));
  } catch (cause) {
    const detail = "it answered, and not as Isopod does";
    throw new Fault("SHARE_UNREACHABLE", { url, detail }, { cause });
  }
}

/** Another machine in any case: also one that is reached through a tunnel on this one. */
function localityOf(url: string): "lan" | "mesh" {
  return readAddress(new URL(url).hostname)?.class === "mesh" ? "mesh" : "lan";
}
