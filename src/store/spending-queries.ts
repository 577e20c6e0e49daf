/** What requests used, and what that adds up to: by request, session, turn and day. */

import { sql } from "kysely";

import { SPENDING, USAGE } from "./columns.ts";
import { type Db, pick, query, type Row } from "./query.ts";
import { SPENDING_SUMS } from "./store.ts";
import type { Tables } from "./tables.ts";

export const usageQueries = (db: Db) => ({
  addUsage: query((p: Row<"usage">) => db.insertInto("usage").values(pick(p, USAGE))),
  usage: query((p: { session: string }) =>
    db.selectFrom("usage").select(USAGE).where("session", "=", p.session).orderBy("seq"),
  ),
  requestsBeside: query((p: { session: string; model: string; after: number; before: number }) =>
    db
      .selectFrom("usage")
      .select((eb) => eb.fn.countAll<number>().as("requests"))
      .where("model", "=", p.model)
      .where("at", ">", p.after)
      .where("startedAt", "<", p.before)
      .where("session", "!=", p.session),
  ),
  usageBySession: query((p: { person: string; since: number }) =>
    usageSums(db, p).groupBy(["usage.session", "usage.model", "usage.locality"]).orderBy("at"),
  ),
  usageByTurn: query((p: { person: string; since: number }) =>
    usageSums(db, p)
      .select("usage.turn")
      .groupBy(["usage.session", "usage.turn", "usage.model", "usage.locality"])
      .orderBy("at"),
  ),
});

const usageSums = (db: Db, p: { person: string; since: number }) =>
  db
    .selectFrom("usage")
    .innerJoin("sessions", "sessions.id", "usage.session")
    .where("sessions.owner", "=", p.person)
    .where("usage.at", ">=", p.since)
    .select([
      "usage.session",
      "sessions.title",
      "usage.model",
      sql<string>`coalesce(usage.locality, 'unknown')`.as("locality"),
      sql<number>`count(*)`.as("requests"),
      sql<number>`sum(usage.inputTokens)`.as("inputTokens"),
      sql<number>`sum(coalesce(usage.cachedTokens, 0))`.as("cachedTokens"),
      sql<number>`sum(iif(usage.cachedTokens is null, 0, usage.inputTokens))`.as("cacheToldTokens"),
      sql<number>`sum(usage.outputTokens)`.as("outputTokens"),
      sql<number>`sum(iif(usage.promptMs > 0, coalesce(usage.promptTokens, 0), 0))`.as(
        "promptTokens",
      ),
      sql<number>`sum(iif(usage.promptTokens > 0, coalesce(usage.promptMs, 0), 0))`.as("promptMs"),
      sql<number>`sum(iif(usage.outputMs > 0, usage.outputTokens, 0))`.as("timedOutputTokens"),
      sql<number>`sum(coalesce(usage.outputMs, 0))`.as("outputMs"),
      sql<number>`sum(coalesce(usage.cost, 0))`.as("cost"),
      sql<number>`max(usage.inputTokens + usage.outputTokens)`.as("usedTokens"),
      sql<number>`max(usage.contextTokens)`.as("contextTokens"),
      sql<number>`max(usage.at)`.as("at"),
    ]);

export const spendingQueries = (db: Db) => ({
  addSpending: query((p: Tables["spending"]) =>
    db
      .insertInto("spending")
      .values(pick(p, SPENDING))
      .onConflict((conflict) =>
        conflict
          .columns(["person", "day", "model", "locality"])
          .doUpdateSet((eb) =>
            Object.fromEntries(
              SPENDING_SUMS.map((name) => [
                name,
                eb(`spending.${name}`, "+", eb.ref(`excluded.${name}`)),
              ]),
            ),
          ),
      ),
  ),
  spending: query((p: { person: string; since: string }) =>
    db
      .selectFrom("spending")
      .select(SPENDING)
      .where("person", "=", p.person)
      .where("day", ">=", p.since)
      .orderBy("day")
      .orderBy("model"),
  ),
  spendingOfAll: query((p: { since: string }) =>
    db
      .selectFrom("spending")
      .select(SPENDING)
      .where("day", ">=", p.since)
      .orderBy("day")
      .orderBy("model"),
  ),
});
