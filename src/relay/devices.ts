/**
 * The devices that were paired with the shared server: each has a name, scopes, and a token of which a hash is
 * kept. Codes live in memory: a restart takes back what was not used.
 */

import { z } from "zod";

import {
  ALL_CODES_POLICY,
  CODE_POLICY,
  createLockout,
  CREDENTIAL_POLICY,
  toSource,
} from "../auth/lockout.ts";
import { createCode, createSecret, hashSecret, toCode } from "../auth/secrets.ts";
import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { createId } from "../base/ids.ts";
import { RELAY_SCOPES, type RelayScope } from "../protocol/share.ts";

/** Keeps one text. */
export type Record = { get(): Promise<string | undefined>; set(text: string): Promise<void> };

const Device = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(RELAY_SCOPES)),
  hash: z.string(),
  createdAt: z.number(),
  lastUsedAt: z.number().optional(),
});
export type Device = z.infer<typeof Device>;

export interface Devices {
  /** Oldest first. */
  list(): readonly Device[];
  /** A code for one device, once, within ten minutes. */
  createCode(scopes: readonly RelayScope[]): { code: string; expiresAt: number };
  /** Throws `SHARE_PAIRING_REFUSED` and `AUTH_LOCKED`. The token is told here only. */
  pair(asked: {
    code: string;
    name: string;
    from: string;
  }): Promise<{ token: string; device: Device }>;
  /** By the header of this name. Throws `SHARE_KEY_REFUSED`, and `AUTH_LOCKED` for one wrong too often. */
  identify(authorization: string | undefined, from: string): Device;
  /** Throws `NOT_FOUND`. By id, or by a name that one device alone has. */
  revoke(idOrName: string): Promise<Device>;
}

/** Time to walk to the other device and type it. */
const CODE_LIFE_MS = 10 * 60_000;
/** Who makes one after the other wants the last. */
const MAX_CODES = 20;
/** More than a household has; a list that grows without end is somebody's loop. */
const MAX_DEVICES = 500;
/** When a device was last there need not be known to the second. */
const NOTED_MS = 60_000;

export async function createDevices(record: Record, clock: Clock): Promise<Devices> {
  const devices = readDevices(await record.get());
  const codes = new Map<string, { scopes: readonly RelayScope[]; expiresAt: number }>();
  const guesses = createLockout(CODE_POLICY, clock);
  const allGuesses = createLockout(ALL_CODES_POLICY, clock);
  const wrongTokens = createLockout(CREDENTIAL_POLICY, clock);
  const save = () => record.set(JSON.stringify(devices));

  /** Each guess is counted before it is looked up, so that a burst gains nothing. */
  function redeem(typed: string, source: string): readonly RelayScope[] {
    for (const [lockout, whose] of [
      [guesses, source],
      [allGuesses, ""],
    ] as const) {
      lockout.check(whose);
      lockout.fail(whose);
    }
    const hash = hashSecret(toCode(typed));
    const found = codes.get(hash);
    codes.delete(hash);
    if (!found || found.expiresAt <= clock.now()) throw new Fault("SHARE_PAIRING_REFUSED", {});
    guesses.forgive(source);
    allGuesses.forgive("");
    return found.scopes;
  }

  return {
    list: () => devices,

    createCode(scopes) {
      const code = createCode();
      const expiresAt = clock.now() + CODE_LIFE_MS;
      codes.set(hashSecret(code), { scopes, expiresAt });
      const [oldest] = codes.keys();
      if (codes.size > MAX_CODES && oldest !== undefined) codes.delete(oldest);
      return { code, expiresAt };
    },

    async pair({ code, name, from }) {
      const scopes = redeem(code, toSource(from));
      if (devices.length >= MAX_DEVICES) throw new Fault("SHARE_PAIRING_REFUSED", {});
      const token = createSecret("isd");
      const now = clock.now();
      const device: Device = {
        id: createId("shd", now),
        name,
        scopes: [...scopes],
        hash: hashSecret(token),
        createdAt: now,
      };
      devices.push(device);
      await save();
      return { token, device };
    },

    identify(authorization, from) {
      const [, token] = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization ?? "") ?? [];
      if (token === undefined) throw new Fault("SHARE_KEY_REFUSED", {});
      const hash = hashSecret(token);
      const device = devices.find((one) => one.hash === hash);
      if (!device) {
        // A right token passes in any case: 160 random bits are not found by trying.
        const source = toSource(from);
        wrongTokens.check(source);
        wrongTokens.fail(source);
        throw new Fault("SHARE_KEY_REFUSED", {});
      }
      const now = clock.now();
      if (now - (device.lastUsedAt ?? 0) >= NOTED_MS) {
        device.lastUsedAt = now;
        void save().catch(() => {}); // the next one notes it
      }
      return device;
    },

    async revoke(idOrName) {
      const named = devices.filter(({ id, name }) => id === idOrName || name === idOrName);
      const [device] = named;
      if (!device || named.length > 1) {
        const instead = "Use an id that `isopod share list` shows";
        throw new Fault("NOT_FOUND", { what: "paired device", id: idOrName, instead });
      }
      devices.splice(devices.indexOf(device), 1);
      await save();
      return device;
    },
  };
}

function readDevices(text: string | undefined): Device[] {
  if (!text) return [];
  return z.array(Device).parse(JSON.parse(text));
}
