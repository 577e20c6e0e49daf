import type { FaultReport } from "../../base/fault.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Documents } from "../../documents/documents.ts";
import { type DocumentEvent, DocumentsAdd, DocumentsSearch } from "../../protocol/documents.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import { streamValues, told } from "../event-body.ts";

export type DocumentDeps = {
  documents: Documents;
  clock: Pick<Clock, "sleep">;
  log: Pick<Log, "error">;
};

const FAILED = {
  what: "the reading of documents failed",
  toEvents: (report: FaultReport): DocumentEvent[] => [{ type: "failed", ...report }],
};

/**
 * Each person's own folders. To add one needs `admin`: the gateway reads any folder of its machine that it may,
 * whoever's that is. Who hangs up while one is read stops it, and what was read stays.
 */
export function documentRoutes({ documents, clock, log }: DocumentDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/documents",
      scope: "read",
      handle: ({ caller, signal }) => documents.list(caller.person, signal),
    }),
    defineRoute({
      method: "POST",
      path: "/api/documents",
      scope: "admin",
      body: DocumentsAdd,
      handle: async ({ caller: { person }, body, signal }) => {
        const { path, private: isPrivate = false } = body;
        const events = documents.add({ person, path, private: isPrivate }, signal);
        return streamValues(told(events, FAILED, { log, signal }), clock);
      },
    }),
    defineRoute({
      // Not GET: what somebody looks for stands in no URL, which others log.
      method: "POST",
      path: "/api/documents/search",
      scope: "read",
      body: DocumentsSearch,
      handle: ({ caller: { person }, body: { query, limit = USUAL_HITS }, signal }) =>
        documents.search({ person, query, limit }, signal),
    }),
    defineRoute({
      method: "DELETE",
      path: "/api/documents/:id",
      scope: "admin",
      handle: ({ caller, params }) => documents.remove(caller.person, params["id"] ?? ""),
    }),
  ];
}

const USUAL_HITS = 10;
