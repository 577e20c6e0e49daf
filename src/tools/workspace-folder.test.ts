import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { Fault } from "../base/fault.ts";
import { createWorkspace, findOverlap } from "./workspace-folder.ts";

const top = await realpath(await mkdtemp(join(tmpdir(), "workspace-test-")));
after(() => rm(top, { recursive: true, force: true }));
const signal = new AbortController().signal;

let folders = 0;
async function create() {
  const root = join(top, `ws-${(folders += 1)}`);
  const workspace = await createWorkspace(root);
  const read = async (path: string) => {
    await using file = await workspace.open(path);
    return await file.readFile("utf8");
  };
  const write = (path: string, text: string) => workspace.write(path, Buffer.from(text));
  return { root, workspace, read, write };
}

test("write() makes a file with its folders and says whether it was new", async () => {
  const { read, write } = await create();
  assert.deepEqual(await write("a/b/c.txt", "one"), { created: true });
  assert.deepEqual(await write("a/b/c.txt", "two"), { created: false });
  assert.equal(await read("a/b/c.txt"), "two");
});

test("write() keeps the mode of a file it replaces", async () => {
  const { root, write } = await create();
  await write("script.sh", "one");
  await chmod(join(root, "script.sh"), 0o750);
  await write("script.sh", "two");
  assert.equal((await stat(join(root, "script.sh"))).mode & 0o777, 0o750);
});

test("write() leaves nothing behind when it fails", async () => {
  const { root, workspace, write } = await create();
  await mkdir(join(root, "folder"));
  await assert.rejects(write("folder", "x"), { code: "PATH_NOT_FILE" });
  await assert.rejects(workspace.write("big", new Uint8Array(17 * 1024 * 1024)), {
    code: "FILE_TOO_LARGE",
  });
  assert.deepEqual(await readdir(root), ["folder"]);
});

test("write() does not replace a file that is read-only", async () => {
  const { root, write, read } = await create();
  await write("kept.txt", "kept");
  await chmod(join(root, "kept.txt"), 0o444);
  await assert.rejects(write("kept.txt", "x"), { code: "PATH_DENIED" });
  assert.equal(await read("kept.txt"), "kept");
});

test("paths that begin with the workspace's own path are taken for relative ones", async () => {
  const { root, read, write } = await create();
  await write("notes/today.md", "hi");
  assert.equal(await read("/workspace/notes/today.md"), "hi");
  assert.equal(await read(`${root}/notes/today.md`), "hi");
  assert.equal(await read("./notes//./today.md"), "hi");
});

test("faults name the path below the workspace", async () => {
  const { read } = await create();
  await assert.rejects(read("a/b.txt"), { code: "PATH_MISSING", message: /"a"/ });
  const { read: readHere, write } = await create();
  await write("a/x", "");
  await assert.rejects(readHere("a/b.txt"), { code: "PATH_MISSING", message: /"a\/b\.txt"/ });
  await assert.rejects(readHere("a/x/y"), { code: "PATH_MISSING" });
  await assert.rejects(readHere("a"), { code: "PATH_NOT_FILE", message: /a folder/ });
});

test("walk() lists folders and files in byte order and leaves out what nobody looks for", async () => {
  const { root, workspace, write } = await create();
  for (const path of [
    "b.txt",
    "a/c.txt",
    "a-b.txt",
    ".git/config",
    "node_modules/x/y.js",
    "É.md",
  ]) {
    await write(path, "12345");
  }
  await symlink("/etc", join(root, "link"));
  const found = await Array.fromAsync(workspace.walk("", signal));
  assert.deepEqual(
    found.map(({ path, folder, sizeBytes }) => (folder ? `${path}/` : `${path}:${sizeBytes}`)),
    ["a-b.txt:5", "a/", "a/c.txt:5", "b.txt:5", "É.md:5"],
  );
  const inside = await Array.fromAsync(workspace.walk("a", signal));
  assert.deepEqual(
    inside.map(({ path }) => path),
    ["a/c.txt"],
  );
});

test("walk() ends with the signal", async () => {
  const { workspace, write } = await create();
  await write("a.txt", "");
  const reason = new Error("stop");
  await assert.rejects(Array.fromAsync(workspace.walk("", AbortSignal.abort(reason))), reason);
});

test("digest() is of the content, and says when there is nothing", async () => {
  const { workspace, write } = await create();
  await write("a.txt", "abc");
  assert.equal(
    await workspace.digest("a.txt"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  assert.equal(await workspace.digest("b.txt"), "absent");
});

test("createWorkspace() refuses a folder that overlaps what an agent must not touch", async () => {
  const state = join(top, "state");
  await mkdir(state);
  await assert.rejects(createWorkspace(state, [state]), { code: "WORKSPACE_OVERLAPS" });
  await assert.rejects(createWorkspace(top, [state]), { code: "WORKSPACE_OVERLAPS" });
  await assert.rejects(createWorkspace(join(state, "deep"), [state]), {
    code: "WORKSPACE_OVERLAPS",
  });
  await symlink(state, join(top, "alias"));
  await assert.rejects(createWorkspace(join(top, "alias"), [state]), {
    code: "WORKSPACE_OVERLAPS",
  });
  await assert.rejects(createWorkspace(top, [join(top, "not", "yet")]), {
    code: "WORKSPACE_OVERLAPS",
  });
  await createWorkspace(join(state, "workspace"), [state]);
  await createWorkspace(join(top, "state-2"), [state]);
  assert.equal(findOverlap("/", []), undefined);
  assert.equal(findOverlap("/", ["/home/me/.isopod"]), "/home/me/.isopod");
});

test("createWorkspace() says when the folder cannot be written", async () => {
  await writeFile(join(top, "file"), "");
  await assert.rejects(createWorkspace(join(top, "file")), { code: "WORKSPACE_READONLY" });
  await assert.rejects(createWorkspace("/proc/nothing"), { code: "WORKSPACE_READONLY" });
});

test("security: a path cannot leave the workspace, nor be of a kind that no file has", async () => {
  const { read, write } = await create();
  const outside = join(top, "outside.txt");
  await writeFile(outside, "secret");
  const leaving = ["../outside.txt", "a/../../outside.txt", outside, "/etc/passwd", "//etc/passwd"];
  leaving.push(
    "/workspace/../outside.txt",
    "/workspacex",
    "~/x",
    "~root/x",
    "file:///etc/passwd",
    "..",
  );
  for (const path of leaving) {
    await assert.rejects(read(path), { code: "PATH_OUTSIDE_WORKSPACE" }, path);
    await assert.rejects(write(path, "x"), { code: "PATH_OUTSIDE_WORKSPACE" }, path);
  }
  const invalid = ["a\0b", "..\\outside.txt", "a\nb", "x".repeat(256), "a/".repeat(3000)];
  for (const path of invalid) {
    await assert.rejects(read(path), { code: "PATH_INVALID" }, JSON.stringify(path));
    await assert.rejects(write(path, "x"), { code: "PATH_INVALID" }, JSON.stringify(path));
  }
  assert.equal(await readFile(outside, "utf8"), "secret", "control: it can be read from here");
});

test("security: no link is followed, neither the last name nor one before it", async () => {
  const { root, read, write } = await create();
  const outside = join(top, "outside-2");
  await mkdir(outside);
  await writeFile(join(outside, "secret"), "secret");
  await symlink(outside, join(root, "folder"));
  await symlink(join(outside, "secret"), join(root, "file"));
  assert.equal(
    await readFile(join(root, "folder/secret"), "utf8"),
    "secret",
    "control: the link leads there",
  );

  for (const path of ["folder/secret", "file"]) {
    await assert.rejects(read(path), { code: "PATH_NOT_FILE", message: /a link/ }, path);
    await assert.rejects(write(path, "changed"), { code: "PATH_NOT_FILE" }, path);
  }
  await assert.rejects(write("folder/made", "x"), { code: "PATH_NOT_FILE" });
  assert.deepEqual(await readdir(outside), ["secret"]);
  assert.equal(await readFile(join(outside, "secret"), "utf8"), "secret");
});

test("security: pipes, sockets and devices are refused without waiting for them", async (t) => {
  const { root, read, write } = await create();
  execFileSync("mkfifo", [join(root, "pipe")]);
  const server = createServer().listen(join(root, "socket"));
  t.after(() => server.close());
  await new Promise((resolve) => server.on("listening", resolve));
  const names = ["pipe", "socket"];
  if (process.getuid?.() === 0) {
    execFileSync("mknod", [join(root, "device"), "c", "1", "5"]);
    names.push("device");
  }
  for (const name of names) {
    await assert.rejects(read(name), { code: "PATH_NOT_FILE" }, name);
    await assert.rejects(write(name, "x"), { code: "PATH_NOT_FILE" }, name);
  }
});

test("security: a parent swapped for a link while files are read and written leads nowhere", async () => {
  const { root, read, write } = await create();
  const outside = join(top, "outside-3");
  await mkdir(outside);
  await writeFile(join(outside, "file"), "secret");
  await write("folder/file", "inside");

  // Another process swaps the folder and a link to the outside, as fast as it can.
  const swapper = spawn(process.execPath, ["-e", SWAPPER, join(root, "folder"), outside]);
  const ended = new Promise((resolve) => swapper.once("close", resolve));
  await new Promise((resolve) => swapper.stdout.once("data", resolve));
  const counts = { reached: 0, refused: 0, leaked: 0 };
  for (let round = 0; round < 300; round++) {
    try {
      if (round % 2) assert.equal(await read("folder/file"), "inside");
      else await write("folder/file", "inside");
      counts.reached += 1;
    } catch (error) {
      assert.ok(error instanceof Fault && error.code.startsWith("PATH_"), String(error));
      counts.refused += 1;
    }
    counts.leaked += readByPath(join(root, "folder/file")) === "secret" ? 1 : 0;
  }
  swapper.kill("SIGKILL");
  await ended;

  assert.deepEqual(await readdir(outside), ["file"]);
  assert.equal(await readFile(join(outside, "file"), "utf8"), "secret");
  assert.ok(
    counts.reached > 0 && counts.refused > 0,
    `the race was run: ${JSON.stringify(counts)}`,
  );
  assert.ok(counts.leaked > 0, "control: who opens by path does read the secret");
});

const SWAPPER = `
  const { renameSync, rmSync, symlinkSync, unlinkSync } = require("node:fs");
  const [folder, outside] = process.argv.slice(1);
  const away = folder + ".away";
  // A step fails when a write made the folder anew in between; the next round goes on from there.
  const attempt = (step) => { try { step(); } catch {} };
  console.log("ready");
  for (;;) {
    rmSync(away, { recursive: true, force: true });
    attempt(() => renameSync(folder, away));
    attempt(() => symlinkSync(outside, folder));
    attempt(() => unlinkSync(folder));
    attempt(() => renameSync(away, folder));
  }`;

function readByPath(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // just then there was nothing
  }
}

test("security: an old file stays whole for those who have it open while it is replaced", async () => {
  const { workspace, read, write } = await create();
  await write("a.txt", "old");
  await using before = await workspace.open("a.txt");
  await write("a.txt", "new");
  assert.equal(await before.readFile("utf8"), "old");
  assert.equal(await read("a.txt"), "new");
});
