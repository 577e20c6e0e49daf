/**
 * llama.cpp's server, from Debian's packages: into a folder, without becoming root, and run with the C
 * library that came with it, because it is newer than that of a stable Debian.
 */

import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Children } from "./children.ts";
import type { Folders } from "./folders.ts";
import { MODEL, WEIGHTS } from "./demonstration.ts";
import type { Peer, Stage } from "./peer.ts";
import { Trouble } from "./trouble.ts";

const NAME = "llama-server";
/** The first suite that has it; `apt` refuses what Debian has not signed. */
const SUITE = "testing";
const KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg";
const LIBRARIES = "usr/lib/x86_64-linux-gnu";

export const llamaServer: Peer = {
  name: NAME,
  title: "llama.cpp's server",
  brings: `Debian's llama.cpp of ${SUITE} (x86-64): 30 MB, some ten seconds`,
  product: "llamacpp",
  expects: {
    context: "loaded",
    saysTools: true,
    calls: "native",
    spelling: "the model's",
    wrongName: "ignored",
    replays: "as trained",
    counts: true,
    countsCache: true,
    overflow: "refused",
  },

  version: (folders) => folders.installed(NAME),

  async install(folders, children, signal) {
    if (process.arch !== "x64" || !existsSync(KEYS)) {
      throw new Trouble(
        "Debian's llama.cpp is fetched with apt, for x86-64, and this machine has not what that takes",
        "use a Debian on x86-64 with the package debian-archive-keyring",
      );
    }
    folders.forget(NAME);
    const folder = folders.of(NAME);
    const apt = writeAptConfig(join(folder, "apt"));
    const env = { ...process.env, APT_CONFIG: apt, DEBIAN_FRONTEND: "noninteractive" };
    await children.run("apt-get", ["-qq", "update"], { env, signal });
    // curl is what it would download models with; ours lies here.
    const wanted = ["install", "-y", "--download-only", "llama.cpp-tools", "curl-"];
    await children.run("apt-get", ["-qq", ...wanted], { env, signal });
    const root = join(folder, "root");
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root);
    for (const archive of globSync(join(folder, "apt/cache/archives/*.deb"))) {
      await children.run("dpkg-deb", ["-x", archive, root], { signal });
    }
    rmSync(join(folder, "apt"), { recursive: true });
    folders.note(NAME, await readVersion(folders, children, signal));
  },

  async start(stage, signal) {
    await serveLlama(stage, stage.port, signal);
    return { baseUrl: `http://127.0.0.1:${stage.port}/v1`, model: MODEL, provider: "llamacpp" };
  },
};

/** Also what stands behind LiteLLM. */
export async function serveLlama(
  { folders, children, scratch }: Pick<Stage, "folders" | "children" | "scratch">,
  port: number,
  signal: AbortSignal,
  more: readonly string[] = [],
): Promise<void> {
  const { command, args, env } = programOf(folders);
  const own = ["--model", WEIGHTS, "--alias", MODEL, "--host", "127.0.0.1", "--port", `${port}`];
  // One thread, because its threads spin while they wait; one slot, so that what is cached is foreseen.
  const quiet = ["--threads", "1", "--parallel", "1", "--jinja", "--no-ui", "--temp", "0"];
  const url = `http://127.0.0.1:${port}/health`;
  await children.serve(command, [...args, ...own, ...quiet, ...more], {
    url,
    scratch,
    env,
    signal,
  });
}

function programOf(folders: Folders) {
  const root = join(folders.root, NAME, "root");
  const libraries = join(root, LIBRARIES);
  // The engine for the processor is looked for at a fixed path, or taken from here. Not the best but one of
  // two, so that two machines count alike.
  const flags = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
  const engine = ["avx2", "bmi2", "f16c", "fma"].every((flag) => flags.includes(` ${flag}`))
    ? "haswell"
    : "x64";
  return {
    command: join(libraries, "ld-linux-x86-64.so.2"),
    args: [
      "--library-path",
      `${libraries}:${join(libraries, "llama")}`,
      join(root, "usr/bin/llama-server"),
    ],
    env: {
      ...process.env,
      GGML_BACKEND_PATH: join(libraries, `ggml/backends0/libggml-cpu-${engine}.so`),
    },
  };
}

/** "0.7.0 (build 11669, commit Debian)" */
async function readVersion(folders: Folders, children: Children, signal: AbortSignal) {
  const { command, args, env } = programOf(folders);
  const words = await children.run(command, [...args, "--version"], { env, signal });
  return /version: (.*)/.exec(words)?.[1] ?? "of an unknown version";
}

/** An apt of its own: it knows of no package that is installed, and leaves the machine's alone. */
function writeAptConfig(folder: string): string {
  for (const part of ["lists/partial", "cache/archives/partial", "none"]) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  const at = (name: string) => JSON.stringify(join(folder, name));
  writeFileSync(join(folder, "status"), "");
  writeFileSync(
    join(folder, "sources.list"),
    `deb [signed-by=${KEYS}] http://deb.debian.org/debian ${SUITE} main\n`,
  );
  const config = [
    `Dir::State ${at("")};`,
    `Dir::State::status ${at("status")};`,
    `Dir::State::lists ${at("lists")};`,
    `Dir::Cache ${at("cache")};`,
    `Dir::Etc::sourcelist ${at("sources.list")};`,
    ...["sourceparts", "parts", "preferencesparts"].map((key) => `Dir::Etc::${key} ${at("none")};`),
    'APT::Install-Recommends "false";',
    'APT::Sandbox::User "";', // the folder may be one that only we can read
    'Acquire::Languages "none";',
    'Acquire::Check-Valid-Until "false";', // mirrors that stand still; the signature is checked all the same
    'Debug::NoLocking "true";',
  ];
  const path = join(folder, "apt.conf");
  writeFileSync(path, `${config.join("\n")}\n`);
  return path;
}
