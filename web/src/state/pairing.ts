/**
 * Whether this browser is paired. The proof lives in storage of this origin, beside the cookie: cookies
 * are sent to every port of a host, so another program on this machine could collect the cookie alone.
 */

import type { ReadonlySignal } from "@preact/signals";
import { signal } from "@preact/signals";

import type { PairResponse } from "../../../src/protocol/api.ts";

export type PairingState =
  | { state: "paired"; name: string }
  /** `wasPaired`: the gateway turned away a device that had been paired. */
  | { state: "unpaired"; wasPaired: boolean };

export interface Pairing {
  readonly state: ReadonlySignal<PairingState>;
  proof(): string | null;
  /** `name` is what the person called this device. */
  keep(response: PairResponse, name: string): void;
  /** The gateway does not know this device any more. */
  drop(): void;
}

export const PAIRING_KEY = "isopod.pairing";

export function createPairing(storage: Storage): Pairing {
  let kept = readKept(storage);
  const state = signal<PairingState>(
    kept ? { state: "paired", name: kept.name } : { state: "unpaired", wasPaired: false },
  );
  return {
    state,
    proof: () => kept?.proof ?? null,
    keep({ proof }, name) {
      kept = { proof, name };
      storage.setItem(PAIRING_KEY, JSON.stringify(kept));
      state.value = { state: "paired", name };
    },
    drop() {
      const wasPaired = kept !== null;
      kept = null;
      storage.removeItem(PAIRING_KEY);
      state.value = { state: "unpaired", wasPaired };
    },
  };
}

type Kept = { proof: string; name: string };

function readKept(storage: Storage): Kept | null {
  try {
    const kept: unknown = JSON.parse(storage.getItem(PAIRING_KEY) ?? "null");
    return isKept(kept) ? kept : null;
  } catch {
    // Not written by this page, or by a broken one: pairing again mends it.
    return null;
  }
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map(Object.entries(value));
  return ["proof", "name"].every((name) => typeof fields.get(name) === "string");
}
