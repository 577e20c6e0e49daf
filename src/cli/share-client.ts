/** What the gateway's `/api/share` offers, as the commands use it. */

import type { KeepingEvent } from "../protocol/model-keeping.ts";
import type {
  RelayScope,
  ShareJoin,
  ShareJoined,
  SharePairing,
  ShareStart,
  ShareStatus,
} from "../protocol/share.ts";
import type { Call, Follow } from "./client.ts";

export const createShareCalls = (call: Call, follow: Follow) => ({
  share: (signal: AbortSignal) => call<ShareStatus>("GET", "/api/share", signal),
  startShare: (wanted: ShareStart, signal: AbortSignal) =>
    call<ShareStatus>("POST", "/api/share/start", signal, { body: wanted }),
  stopShare: (signal: AbortSignal) => call<ShareStatus>("POST", "/api/share/stop", signal),
  shareCode: (scopes: readonly RelayScope[], signal: AbortSignal) =>
    call<SharePairing>("POST", "/api/share/codes", signal, {
      body: scopes.length > 0 ? { scopes } : {},
    }),
  revokeShared: (device: string, signal: AbortSignal) =>
    call<{ id: string; name: string }>(
      "DELETE",
      `/api/share/devices/${encodeURIComponent(device)}`,
      signal,
    ),
  lookAtShare: (url: string, signal: AbortSignal) =>
    call<{ url: string; fingerprint: string }>("POST", "/api/share/look", signal, {
      body: { url },
    }),
  joinShare: (asked: ShareJoin, signal: AbortSignal) =>
    call<ShareJoined>("POST", "/api/share/join", signal, { body: asked }),
  copyModel: (asked: { from: string; model: string }, signal: AbortSignal) =>
    follow<KeepingEvent>("POST", "/api/share/copy", signal, { body: asked }),
});
