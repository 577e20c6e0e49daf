import type { Mode } from "./event.ts";

/** Everything that may be contacted for a config, in a mode. */
export type EgressPolicy = {
  mode: Mode;
  /** The widest mode that config allows. */
  cap: Mode;
  entries: EgressEntry[];
};

export type EgressEntry = {
  /** A name, an address, or what else is reached, such as "unix:/path". */
  host: string;
  /** What names it: a path of the config, a variable, or "built in". */
  setting: string;
  /** What asks for it. */
  feature: string;
  /** `name`: only the resolver knows where it leads. */
  place: "device" | "lan" | "mesh" | "internet" | "never" | "name";
  /** `depends`: the resolver may be asked, and only what the mode reaches is connected to. */
  verdict: "allowed" | "depends" | "masked";
  why: string;
  /** The mode in which it would be reached, where it is masked for the mode. */
  needs?: Mode;
};

export type EgressChange = { change: "added" | "removed" | "changed"; entry: EgressEntry };
