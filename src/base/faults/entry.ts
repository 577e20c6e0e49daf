/**
 * One row of the fault catalogue.
 *
 * `message` is sentence case, the action first, values quoted, no final period; `fix` is an
 * imperative that names the exact command or setting.
 */
export type Entry<P> = {
  /** The HTTP status that carries this fault. */
  status: number;
  /** The exit code of a command that ends in it: 1 the answer is no, 2 wrong use or bad config, 3 cannot reach what is needed. */
  exit: 1 | 2 | 3 | 130;
  message: (params: P) => string;
  fix: (params: P) => string;
};

/** Ties the parameter type of one row together. */
export const entry = <P = Record<never, never>>(row: Entry<P>): Entry<P> => row;
