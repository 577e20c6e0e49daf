/** What `isopod egress prove` runs: part of the composition root. It needs no gateway and no config. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { systemClock as clock } from "./base/clock.ts";
import { openSigner } from "./base/installation-key.ts";
import { dial } from "./dial.ts";
import { prove } from "./offline/prove/prove.ts";
import { keepProof, type Proof } from "./offline/prove/report.ts";
import type { Doors } from "./process/doors.ts";
import { createPrograms } from "./process/programs.ts";

type Machine = {
  home: string;
  version: string;
  env: Readonly<Record<string, string | undefined>>;
  doors: Doors;
};

export type Proved = { proof: Proof; file: string; publicKey: string };

export async function proveEgress(
  { home, version, env, doors }: Machine,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<Proved> {
  const path = env["PATH"] || "/usr/sbin:/usr/bin:/sbin:/bin";
  // The gateway's own ledger has one writer, and that is not this process.
  const programs = createPrograms({
    doors,
    ledger: { append: () => {} },
    path: `${path}:/usr/sbin:/sbin`,
  });
  try {
    const launcher = join(import.meta.dirname, "../bin/isopod.cjs");
    const at = clock.now();
    const proof = await prove(
      { programs, path, launcher, dial: async (socket) => dial(socket, { doors }), tell },
      signal,
    );
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const { sign, publicKey } = openSigner(home);
    const about = {
      at: new Date(at).toISOString(),
      version,
      node: process.version,
      system: `${process.platform} ${process.arch}`,
    };
    const file = keepProof(home, { ...about, ...proof }, { at, sign, command: "egress prove" });
    return { proof, file, publicKey };
  } finally {
    await programs.close();
  }
}
