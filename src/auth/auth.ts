import { Fault } from "../base/fault.ts";
import type { Device, Key, KeyCreated, Me, Scope } from "../protocol/api.ts";
import type { Caller } from "../protocol/route.ts";
import type { Person } from "./records.ts";

/**
 * Who asks, and what they may. A person has credentials: keys for programs, devices for browsers. Each
 * carries scopes, and nothing is ever granted that its maker had not.
 */
export interface Auth {
  /**
   * Throws `AUTH_MISSING` when nothing usable was shown, `AUTH_REFUSED` when it is wrong, and `AUTH_LOCKED`
   * when it is wrong too often (`lockout.ts` says what a lock shuts out). A bearer decides alone: with a
   * wrong one, a right cookie beside it does not count.
   */
  identify(shown: Shown): Promise<Caller>;

  /** A code that makes one device, once, within ten minutes. For oneself; the owner may name another person. */
  createPairingCode(
    by: Caller,
    options?: CodeOptions,
  ): Promise<{ code: string; expiresAt: number }>;
  /** Throws `PAIRING_REFUSED` and `AUTH_LOCKED`. The cookie's value and the proof are shown here only. */
  pair(request: { code: string; device: string; from: string }): Promise<Paired>;

  me(caller: Caller): Promise<Me>;
  devices(person: string): Promise<Device[]>;
  keys(person: string): Promise<Key[]>;
  /** Throws `AUTH_SCOPE` for a scope that the caller lacks. The key itself is shown here only. */
  createKey(caller: Caller, request: { name: string; scopes: Scope[] }): Promise<KeyCreated>;
  /**
   * Both throw `NOT_FOUND` for what is not there or is somebody else's. Revoking the admin key makes a new
   * one in its file.
   */
  revokeKey(person: string, id: string): Promise<void>;
  revokeDevice(person: string, id: string): Promise<void>;
  /** Called with the credential's id after it was revoked: its streams must end. Returns how to stop. */
  onRevoke(listener: (credential: string) => void): () => void;

  /** The owner, or oneself for a member. */
  people(caller: Caller): Promise<Person[]>;
  /** The owner's alone, with scope "admin". */
  addPerson(caller: Caller, name: string): Promise<Person>;

  /** The owner as the gateway itself: for what it does at its start, before anyone asked. */
  readonly gateway: Caller;
  /** The file with the key that programs of this user read. */
  readonly adminKeyFile: string;
}

/** What a request shows, as it came. */
export type Shown = {
  /** The header of this name. */
  authorization?: string | undefined;
  /** The value of the device's cookie. */
  cookie?: string | undefined;
  /** The header `X-Isopod-Device`. */
  deviceProof?: string | undefined;
  /** An IP address, "unix" or "process". */
  from: string;
};

export type CodeOptions = {
  person?: string;
  /** All that maker and person both have, without it. */
  scopes?: Scope[];
};

export type Paired = {
  person: Person;
  device: { id: string; name: string };
  /** For the HttpOnly cookie. */
  cookie: string;
  /** For the page's own storage. */
  proof: string;
};

/** Throws `AUTH_SCOPE`. */
export function requireScope(caller: Pick<Caller, "scopes">, scope: Scope): void {
  if (!caller.scopes.includes(scope)) throw new Fault("AUTH_SCOPE", { scope });
}
