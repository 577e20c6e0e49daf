/** How a query is written: once, ahead of time, with markers where its parameters go. Loads kysely for types only. */

import type { Compilable, Kysely } from "kysely";

import type { Tables } from "./tables.ts";

/** SQL with `?` for the named parameters, in their order. `types` never stands there: it carries P and R. */
export type Query<P = never, R = unknown> = {
  sql: string;
  params: readonly string[];
  types?: (params: P) => R;
};
export type Db = Kysely<Tables>;
export type Row<T extends keyof Tables> = Omit<Tables[T], "seq">;

/** An object of some of the parameters, as `values` wants it. */
export function pick<P, Name extends keyof P>(params: P, names: readonly Name[]): Pick<P, Name> {
  // `fromEntries` forgets which names went in; they are those that come out.
  return Object.fromEntries(names.map((name) => [name, params[name]])) as Pick<P, Name>;
}

/** Stands for a value that is known only when the statement runs. */
class Param {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export function query<P, R>(build: (params: P) => Compilable<R>): Query<P, R> {
  // While compiling, each property of `params` is a marker; the types are those of the real values.
  const markers = new Proxy({}, { get: (_, name) => new Param(String(name)) }) as P & object;
  const { sql, parameters } = build(markers).compile();
  const params = parameters.map((param) => {
    if (param instanceof Param) return param.name;
    throw new TypeError(`a constant in "${sql}": write it with sql.lit or eb.lit`);
  });
  return { sql, params };
}
