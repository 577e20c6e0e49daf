/** What `isopod offline drill` runs: part of the composition root. It needs no gateway and no config. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { systemClock as clock } from "./base/clock.ts";
import { openSigner } from "./base/installation-key.ts";
import { dial } from "./dial.ts";
import { drillByHand } from "./offline/drill/by-hand.ts";
import { drill, type DrillOptions } from "./offline/drill/drill.ts";
import type { Drill } from "./offline/drill/report.ts";
import type { RestoreWords } from "./offline/drill/restored.ts";
import { keepProof } from "./offline/prove/report.ts";
import { openOffline } from "./offline-parts.ts";
import type { Doors } from "./process/doors.ts";
import { createPrograms } from "./process/programs.ts";
import { editAppConfig } from "./settings.ts";
import { readValues } from "./store/read-values.ts";

type Machine = {
  home: string;
  version: string;
  env: Readonly<Record<string, string | undefined>>;
  doors: Doors;
};

export type DrillCall = {
  words: RestoreWords;
  tell: (text: string) => void;
  /** Asks the person to do something, where there is to be no namespace; false where nobody answers. */
  byHand?: (what: string) => Promise<boolean>;
};

export type Drilled = { drill: Drill; file: string; publicKey: string };

export async function drillOffline(
  { home, version, env, doors }: Machine,
  { words, tell, byHand }: DrillCall,
  signal: AbortSignal,
): Promise<Drilled> {
  const path = `${env["PATH"] || "/usr/bin:/bin"}:/usr/sbin:/sbin`;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const at = clock.now();
  const root = join(import.meta.dirname, "..");
  const options: DrillOptions = {
    // The gateway's own ledger has one writer, and that is not this process.
    programs: createPrograms({ doors, ledger: { append: () => {} }, path }),
    dial: async (socket) => dial(socket, { doors }),
    clock,
    home,
    env,
    path,
    installed: { root, launcher: join(root, "bin/isopod.cjs"), node: process.execPath },
    offline: await openOffline({ home, env, version }),
    openThere: (there) => openOffline({ ...there, version }),
    editThere: (there, name, value) => editAppConfig(there, { path: name, value }),
    approved: () => new Set(readValues(home, "models.service.").values()),
    words,
    tell,
  };
  const drilled = byHand
    ? await drillByHand({ ...options, ask: byHand }, signal)
    : await drill(options, signal);
  const { sign, publicKey } = openSigner(home);
  const system = `${process.platform} ${process.arch}`;
  const about = { at: new Date(at).toISOString(), version, node: process.version, system };
  const file = keepProof(home, { ...about, ...drilled }, { at, sign, command: "offline drill" });
  const note = { at, ok: drilled.ok, bundle: drilled.bundle?.id ?? null, file };
  mkdirSync(join(home, "offline"), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, "offline/last-drill.json"), JSON.stringify(note), { mode: 0o600 });
  return { drill: drilled, file, publicKey };
}
