/** Builds what `offline.ts` promises, from a config and a state folder. No gateway is needed, and none is in the way. */

import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import type { Clock } from "../base/clock.ts";
import { createId } from "../base/ids.ts";
import { parsePublicKey } from "../base/signature.ts";
import { Fault } from "../base/fault.ts";
import { openSigner } from "../base/installation-key.ts";
import { cleanStore, copyStore } from "../store/carry.ts";
import { lockFolder } from "../store/lock.ts";
import { openDigests } from "./digests.ts";
import type { ToCarry } from "./format/carry.ts";
import { createMeter } from "./format/meter.ts";
import { seal } from "./format/sealed.ts";
import { openSigned, verifyObjects } from "./format/verify-bundle.ts";
import { writeBundle } from "./format/write-bundle.ts";
import { packFolder } from "./kinds/folder.ts";
import { neededModels } from "./kinds/needed.ts";
import { compare } from "./diff.ts";
import type { BundleOrder, Bundled, Offline, Planned, Watch } from "./offline.ts";
import { hasState, makePlan, type PlanItem, refuseMissing, type Surroundings } from "./plan.ts";
import { isRestoring } from "./restore/journal.ts";
import { restore } from "./restore/restore.ts";
import { describeStatus } from "./status/status.ts";

export type OfflineDeps = {
  around: Surroundings;
  clock: Clock;
  /** What `offline` of the config says. */
  capped: boolean;
  stripConfig: (text: string, file: string) => { text: string; struck: string[] };
};

const LastBundle = z.object({ id: z.string(), at: z.number(), path: z.string() });
const LastDrill = z.object({
  at: z.number(),
  ok: z.boolean(),
  bundle: z.string().nullable(),
  file: z.string(),
});

export function createOffline(deps: OfflineDeps): Offline {
  const { around, capped, clock } = deps;
  const { home, env, platform } = around;
  const folder = join(home, "offline");
  const plan = () => makePlan(around);

  return {
    glance: plan,
    plan: (watch) => planWithDigests(plan(), folder, watch),
    publicKey: async () => (await signerOf(home)).publicKey,
    diff: compare,

    status: (live) =>
      describeStatus({
        live,
        capped,
        needed: neededModels(around.agents, around.models),
        plan: plan(),
        lastBundle: readNote(join(folder, "last-bundle.json"), LastBundle),
        lastDrill: readNote(join(folder, "last-drill.json"), LastDrill),
        restoring: isRestoring(home),
      }),

    async bundle(order, watch) {
      const work = await mkdtemp(join(await ensureFolder(folder), "bundle-"));
      try {
        const bundled = await bundle(order, { ...deps, plan: plan(), work }, watch);
        const note = { id: bundled.manifest.id, at: clock.now(), path: order.out };
        if (order.remember !== false)
          await writeFile(join(folder, "last-bundle.json"), JSON.stringify(note), { mode: 0o600 });
        return bundled;
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },

    async verify(path, trust, watch) {
      const bundle = await openSigned(path, [...trust, ...knownKey(home)]);
      const { manifest, signer } = bundle;
      await verifyObjects(bundle, manifest.objects, watch);
      const { id, createdAt, platform: made, totals } = manifest;
      const artefacts = manifest.artefacts.map(({ id, kind, title }) => ({ id, kind, title }));
      return { id, createdAt, platform: made, signer, totals, artefacts };
    },

    restore: ({ trust, ...wish }, watch) =>
      restore(
        { ...wish, trusted: [...trust, ...knownKey(home)] },
        {
          machine: { home, env, platform },
          lock: () => lockFolder(home),
          cleanStore: (file) => cleanStore(file, { withPrivate: wish.passphrase !== undefined }),
        },
        watch,
      ),
  };
}

type Bundling = OfflineDeps & { plan: readonly PlanItem[]; work: string };

async function bundle(order: BundleOrder, deps: Bundling, watch: Watch): Promise<Bundled> {
  const { around, plan, clock } = deps;
  const wanted = (kind: PlanItem["kind"]) => order.only?.some((one) => one === kind) ?? true;
  const items = plan.filter(({ kind, state }) => wanted(kind) && state !== "elsewhere");
  refuseMissing(items);
  const struck: string[] = [];
  const artefacts: ToCarry[] = [];
  for (const item of items) {
    if (item.files) artefacts.push(item.files);
    if (item.folder) artefacts.push(await pack(item, deps, watch.signal));
    if (item.kind === "config") artefacts.push(await strippedConfig(item, deps, struck));
  }
  const isSealed = order.passphrase !== undefined;
  const takesState = hasState(around.home) && (isSealed || order.only?.includes("state"));
  if (takesState) artefacts.push(await carryState(order, deps, watch.signal));
  if (artefacts.length === 0) throw new Fault("BUNDLE_NOTHING", { kinds: order.only ?? ["all"] });
  const { out, splitBytes } = order;
  const manifest = await writeBundle(
    {
      out,
      ...(splitBytes !== undefined && { splitBytes }),
      artefacts,
      sealed: isSealed && takesState === true,
      id: createId("bundle", clock.now()),
      createdAt: new Date(clock.now()).toISOString(),
      version: around.version,
      platform: around.platform,
      signer: await signerOf(around.home),
    },
    watch.onProgress,
    watch.signal,
  );
  const elsewhere = plan.filter(({ state }) => state === "elsewhere");
  const leftState = hasState(around.home) && !takesState;
  return { path: out, manifest, struck, elsewhere, leftState };
}

async function pack(
  item: PlanItem,
  { work, around }: Bundling,
  signal: AbortSignal,
): Promise<ToCarry> {
  const { id, title, folder = [] } = item;
  const kind = item.kind === "engine" ? "engine" : "program"; // nothing else is a folder
  const name = `${kind}.tar`;
  const from = join(work, name);
  await packFolder(folder, from, signal);
  const files = [{ path: name, from, sizeBytes: statSync(from).size }];
  return { id, kind, title, platform: around.platform, files };
}

async function strippedConfig(
  { id, title }: PlanItem,
  { around, stripConfig, work }: Bundling,
  struck: string[],
): Promise<ToCarry> {
  const file = around.configFile ?? "";
  const stripped = stripConfig(readFileSync(file, "utf8"), file);
  struck.push(...stripped.struck);
  const from = join(work, "isopod.json");
  await writeFile(from, stripped.text, { mode: 0o600 });
  return {
    id,
    kind: "config",
    title,
    files: [{ path: "isopod.json", from, sizeBytes: statSync(from).size }],
  };
}

/** Conversations, and with a passphrase the secrets and the private sessions as well. */
async function carryState(
  { passphrase }: BundleOrder,
  { around, work }: Bundling,
  signal: AbortSignal,
): Promise<ToCarry> {
  const db = join(work, "isopod.db");
  await copyStore(around.home, db, { withPrivate: passphrase !== undefined });
  const own = { id: "state:isopod", kind: "state" as const, title: "conversations and memories" };
  const plain = { path: "isopod.db", from: db, sizeBytes: statSync(db).size };
  if (passphrase === undefined) return { ...own, files: [plain] };
  const files = [];
  for (const [at, file] of [plain, ...secretsOf(around.home)].entries()) {
    const from = join(work, `sealed-${at}`);
    await seal(file.from, from, { passphrase, sizeBytes: file.sizeBytes, signal });
    files.push({ path: `${file.path}.sealed`, from, sizeBytes: statSync(from).size });
  }
  return { ...own, title: "conversations, memories and secrets, sealed", files };
}

function secretsOf(home: string) {
  const folder = join(home, "secrets");
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return names.map(({ name }) => {
    const from = join(folder, name);
    return { path: `secrets/${name}`, from, sizeBytes: statSync(from).size };
  });
}

async function planWithDigests(plan: PlanItem[], folder: string, watch: Watch): Promise<Planned[]> {
  const digests = await openDigests(join(folder, "digests.json"));
  const unknown = plan.flatMap(({ files }) => files?.files ?? []).filter(({ sha256 }) => !sha256);
  const total = unknown.reduce((all, { sizeBytes }) => all + sizeBytes, 0);
  const meter = createMeter(watch.onProgress, total);
  const planned: Planned[] = [];
  for (const { files: kept, folder: _, ...item } of plan) {
    const files: Planned["files"] = [];
    for (const { path, from, sizeBytes, sha256 } of kept?.files ?? []) {
      const own = sha256 ?? (await digests.of(from, meter(item.title), watch.signal));
      files.push({ path, sizeBytes, sha256: own });
    }
    planned.push({ ...item, files });
  }
  await digests.save();
  return planned;
}

/** One line; made where there is none yet. */
const ownKey = (home: string) => parsePublicKey(openSigner(home).publicKey) ?? "";

/** The key by which this installation signs everything; no bundle has it. */
async function signerOf(home: string) {
  await ensureFolder(home);
  return { sign: openSigner(home).sign, publicKey: ownKey(home) };
}

/** Whoever only looks at a bundle makes no key. */
const knownKey = (home: string) => (existsSync(join(home, "signing.key")) ? [ownKey(home)] : []);

async function ensureFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function readNote<T>(file: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined; // none yet, or one that nobody can read: it only tells of the last time, and the next replaces it
  }
}
