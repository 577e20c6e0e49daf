import { Fault } from "../base/fault.ts";
import { SCOPES, type Scope } from "../protocol/api.ts";
import type { Person } from "./records.ts";

/** The most that a credential of such a person can carry. What is not theirs they do not see in any role. */
export const ROLE_SCOPES: Readonly<Record<Person["role"], readonly Scope[]>> = {
  owner: SCOPES,
  member: ["chat", "read", "approve"],
};

/** Those scopes that both have. */
export const meet = (some: readonly Scope[], others: readonly Scope[]): Scope[] =>
  SCOPES.filter((scope) => some.includes(scope) && others.includes(scope));

/** What was asked for, if all of it may be had; throws `AUTH_SCOPE` for the first that may not. */
export function grant(asked: readonly Scope[], own: readonly Scope[]): Scope[] {
  const scope = asked.find((scope) => !own.includes(scope));
  if (scope) throw new Fault("AUTH_SCOPE", { scope });
  return meet(asked, own);
}
