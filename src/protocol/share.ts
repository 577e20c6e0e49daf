/** Sharing a model server with other devices, as `/api/share` shows it and `isopod share` asks for it. */

import { z } from "zod";

/** What a device may do with the shared server; each is granted by itself. */
export const RELAY_SCOPES = ["infer", "read", "write", "delete"] as const;
export type RelayScope = (typeof RELAY_SCOPES)[number];

export type SharedDevice = {
  id: string;
  name: string;
  scopes: RelayScope[];
  createdAt: number;
  lastUsedAt?: number;
  /** Requests of it that run now. */
  running: number;
};

export type ShareStatus = {
  sharing: boolean;
  /** Why it does not listen although it was started. */
  problem?: string;
  url?: string;
  /** The provider that is shared. */
  server?: string;
  /** The key that other devices pin, and its beginning for people to compare. */
  pin: string;
  fingerprint: string;
  devices: SharedDevice[];
  /** The file with a line for each request, without content. */
  audit: string;
};

export const ShareStart = z.object({
  address: z.string().max(100).optional(),
  port: z.int().min(0).max(65_535).optional(),
  server: z.string().max(100).optional(),
});
export type ShareStart = z.infer<typeof ShareStart>;

const Name = z
  .string()
  .min(1)
  .max(60)
  .regex(/^[^\p{Cc}]*$/u, "must be one line");

export const ShareCode = z.object({ scopes: z.array(z.enum(RELAY_SCOPES)).min(1).optional() });
export type ShareCode = z.infer<typeof ShareCode>;

/** What one types or scans on the other device. The code stands in the fragment, which is never sent. */
export type SharePairing = {
  link: string;
  url: string;
  code: string;
  fingerprint: string;
  scopes: RelayScope[];
  expiresAt: number;
};

/** To whom this device wants to be paired: the other one's address, and what was shown there. */
export const ShareJoin = z.object({
  url: z.string().max(300),
  code: z.string().max(20),
  fingerprint: z.string().max(60),
  /** The provider's id here. */
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/, "letters, digits, dots and dashes"),
  /** This device, as the other one lists it. */
  device: Name,
});
export type ShareJoin = z.infer<typeof ShareJoin>;

export type ShareJoined = {
  id: string;
  /** To be put into the config under `models.providers.<id>`. */
  provider: Record<string, unknown>;
  scopes: RelayScope[];
  models: string[];
};

export const ShareLook = z.object({ url: z.string().max(300) });

/** What a device sends to pair, and what it gets. */
export const PairAsked = z.object({ code: z.string().min(1).max(20), device: Name });
export const PairAnswer = z.object({
  token: z.string().min(10).max(200),
  scopes: z.array(z.enum(RELAY_SCOPES)),
  product: z.enum(["ollama", "openai"]),
  models: z.array(z.string().max(300)).max(1000),
});
export type PairAnswer = z.infer<typeof PairAnswer>;

export const CopyAsked = z.object({ from: z.string().max(60), model: z.string().max(300) });
