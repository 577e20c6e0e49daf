import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { createPortOwner } from "./owner.ts";

const NEVER = new AbortController().signal;
const skip = process.platform === "linux" ? false : "only Linux tells";

test("a port of ours belongs to our user, process and program", { skip }, async (t) => {
  const ownerOf = createPortOwner();
  for (const host of ["127.0.0.1", "::1", "0.0.0.0", "::"]) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    t.after(() => server.close());
    const owner = await ownerOf((server.address() as AddressInfo).port, NEVER);
    assert.deepEqual(owner, { uid: process.getuid?.(), pid: process.pid, program: "node" }, host);
  }
});

test("a port on which nobody listens belongs to nobody", { skip }, async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await createPortOwner()(port, NEVER), undefined);
});

test("of another user's port the uid is known, the program is not", async (t) => {
  const proc = fake(t, { tcp: [row("0100007F:2CAA", 1001, 77)] });
  assert.deepEqual(await createPortOwner({ proc })(0x2caa, NEVER), { uid: 1001 });
});

test("a forwarder shows by its name", async (t) => {
  const tcp6 = [row("00000000000000000000000001000000:2CAA", 1000, 78)];
  const proc = fake(t, { tcp: [row("0100007F:2CAA", 1000, 77)], tcp6 });
  addProcess(proc, 42, "ssh", [77, 78]);
  assert.deepEqual(await createPortOwner({ proc })(0x2caa, NEVER), {
    uid: 1000,
    pid: 42,
    program: "ssh",
  });
});

test("a port that changed hands belongs to the new one", async (t) => {
  const proc = fake(t, { tcp: [row("0100007F:2CAA", 1000, 77)] });
  addProcess(proc, 42, "ollama", [77]);
  const ownerOf = createPortOwner({ proc });
  assert.equal((await ownerOf(0x2caa, NEVER))?.program, "ollama");
  rmSync(join(proc, "42"), { recursive: true });
  addProcess(proc, 41, "ssh", [77]);
  assert.deepEqual(await ownerOf(0x2caa, NEVER), { uid: 1000, pid: 41, program: "ssh" });
});

test("security: two that listen on one port are nobody, whoever answers first", async (t) => {
  const tcp6 = (uid: number) => [row("00000000000000000000000001000000:2CAA", uid, 78)];
  const users = fake(t, { tcp: [row("0100007F:2CAA", 1000, 77)], tcp6: tcp6(1001) });
  assert.equal(await createPortOwner({ proc: users })(0x2caa, NEVER), undefined);
  const programs = fake(t, { tcp: [row("0100007F:2CAA", 1000, 77)], tcp6: tcp6(1000) });
  addProcess(programs, 42, "ollama", [77]);
  addProcess(programs, 43, "ssh", [78]);
  assert.equal(await createPortOwner({ proc: programs })(0x2caa, NEVER), undefined);
});

test("connections, other ports and other addresses are not listeners of this port", async (t) => {
  const proc = fake(t, {
    tcp: [
      row("0100007F:2CAA", 1000, 70, "01"),
      row("0100007F:2CAB", 1000, 71),
      row("0201A8C0:2CAA", 1000, 72),
    ],
  });
  assert.equal(await createPortOwner({ proc })(0x2caa, NEVER), undefined);
});

test("where there is no /proc nobody is known", async (t) => {
  const proc = fake(t, {});
  assert.equal(await createPortOwner({ proc: join(proc, "none") })(80, NEVER), undefined);
});

/** A line of /proc/net/tcp, as the kernel writes it. */
function row(local: string, uid: number, inode: number, state = "0A"): string {
  return `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0 100 0`;
}

function fake(t: TestContext, tables: { tcp?: string[]; tcp6?: string[] }): string {
  const proc = mkdtempSync(join(tmpdir(), "isopod-proc-"));
  t.after(() => rmSync(proc, { recursive: true }));
  mkdirSync(join(proc, "net"));
  for (const [name, rows] of Object.entries(tables)) {
    writeFileSync(join(proc, "net", name), `  sl  local_address …\n${rows.join("\n")}\n`);
  }
  return proc;
}

function addProcess(proc: string, pid: number, name: string, inodes: number[]): void {
  mkdirSync(join(proc, String(pid), "fd"), { recursive: true });
  writeFileSync(join(proc, String(pid), "comm"), `${name}\n`);
  inodes.forEach((inode, fd) => {
    symlinkSync(`socket:[${inode}]`, join(proc, String(pid), "fd", String(fd)));
  });
}
