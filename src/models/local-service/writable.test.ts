import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { createFakeClock } from "../../../test/fakes/clock.ts";
import { createLoopbackEgress } from "../../../test/fakes/loopback-egress.ts";
import { createFakePrograms } from "../../../test/fakes/programs.ts";
import { modelsSetting } from "../settings.ts";
import { createLocalServices } from "./services.ts";

function create(t: TestContext, toService: (workspace: string, home: string) => object, env = {}) {
  const home = mkdtempSync(join(tmpdir(), "isopod-services-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const workspace = join(home, "workspace");
  mkdirSync(workspace);
  const localService = toService(workspace, home); // may still fill `env`
  const providers = { mine: { baseUrl: "http://127.0.0.1:1/v1", localService } };
  const approvals = new Map<string, string>();
  return createLocalServices({
    settings: modelsSetting.schema.parse({ providers }),
    programs: createFakePrograms(),
    egress: createLoopbackEgress(),
    clock: createFakeClock(),
    env: { HOME: home, ...env },
    folder: join(home, "services"),
    workspaces: ["/nowhere", workspace],
    canConfine: false,
    approvals: {
      get: async (id) => approvals.get(id),
      set: async (id, hash) => void approvals.set(id, hash),
    },
  });
}

test("security: nothing is started out of the workspace, where a model may write: neither program, script, folder, library nor weights", async (t) => {
  const attacks: ((workspace: string, home: string) => object)[] = [
    (workspace) => ({ command: join(workspace, "serve") }),
    (workspace) => ({ command: "/bin/sh", args: [join(workspace, "serve.sh")] }),
    () => ({ command: "/bin/sh", args: ["workspace/serve.sh"] }),
    (workspace) => ({ command: "/bin/x", args: [`--model=${workspace}/a.gguf`] }),
    (workspace) => ({ command: "/bin/python3", args: ["-m", "server"], cwd: workspace }),
    (workspace) => ({ command: "/bin/x", env: { LD_PRELOAD: `/lib/a.so:${workspace}/b.so` } }),
    (workspace, home) => {
      writeFileSync(join(workspace, "serve"), "");
      symlinkSync(join(workspace, "serve"), join(home, "serve"));
      return { command: join(home, "serve") };
    },
    (workspace, home) => {
      symlinkSync(workspace, join(home, "link"));
      return { command: "/bin/x", args: [join(home, "link", "not", "there", "yet")] };
    },
  ];
  for (const [at, attack] of attacks.entries()) {
    const services = create(t, attack);
    await assert.rejects(services.list(), { code: "MODEL_SERVICE_WRITABLE" }, `${at}`);
  }
  const path = create(t, () => ({ command: "x" }), { PATH: "/bin:/tmp/../tmp" });
  assert.equal((await path.list()).length, 1);
});

test("security: the workspace in the gateway's PATH, which a service gets, is refused as well", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "isopod-path-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const services = create(t, () => ({ command: "x" }), {
    HOME: home,
    PATH: `/bin:${home}/workspace`,
  });
  assert.equal((await services.list()).length, 1); // the control: another workspace
  const env: Record<string, string> = {};
  const attacked = create(
    t,
    (workspace) => {
      env["PATH"] = `/bin:${workspace}`;
      return { command: "x" };
    },
    env,
  );
  await assert.rejects(attacked.list(), { code: "MODEL_SERVICE_WRITABLE" });
  const alike = create(t, (workspace) => ({ command: "x", cwd: `${workspace}-other` }));
  assert.equal((await alike.list()).length, 1);
});

test("security: a service without a folder of its own starts at home, not where the gateway happens to stand", async (t) => {
  let home = "";
  const services = create(t, (_, at) => {
    home = at;
    return { command: "/bin/python3", args: ["-m", "server"] };
  });
  const [report] = await services.list();
  assert.equal(report?.cwd, home);
});
