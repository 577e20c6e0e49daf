import type { Scope } from "../protocol/api.ts";

/** What auth needs kept; the store keeps it. Secrets come here as SHA-256 hashes only. */
export interface AuthRecords {
  addPerson(person: Person): Promise<void>;
  person(id: string): Promise<Person | undefined>;
  people(): Promise<Person[]>;

  addCredential(credential: Credential): Promise<void>;
  /** By the hash of a bearer key or of a device's cookie; never a revoked one. */
  credentialByHash(hash: string): Promise<Credential | undefined>;
  credentials(person: string): Promise<Credential[]>;
  /** Forgets it, hash and all. False when there is none of this id, or it is somebody else's. */
  revokeCredential(person: string, id: string): Promise<boolean>;
  /** Coalesced: last use may be a minute late on disk. */
  touchCredential(id: string, at: number): void;

  /** Also drops what had expired by `now`. */
  addPairingCode(code: PairingCodeRecord & { hash: string }, now: number): Promise<void>;
  /** Takes a code out for good, whether it had expired or not; undefined when there is none. Twice never. */
  takePairingCode(hash: string): Promise<PairingCodeRecord | undefined>;
}

/** `scopes` are those that the device will have: no more than its maker had. */
export type PairingCodeRecord = { person: string; scopes: Scope[]; expiresAt: number };

export type Person = { id: string; name: string; role: "owner" | "member"; createdAt: number };

export type Credential = {
  id: string;
  person: string;
  kind: "key" | "device";
  name: string;
  scopes: Scope[];
  hash: string;
  /** For a device: hash of the proof that every request carries beside the cookie. */
  proofHash?: string;
  createdAt: number;
  lastUsedAt?: number;
};
