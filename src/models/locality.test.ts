import assert from "node:assert/strict";
import { test } from "node:test";

import { allows, type Evidence, placeOf, placeOfModel } from "./locality.ts";

const OWN = 1000;
const place = (evidence: Partial<Evidence>) =>
  placeOf({
    baseUrl: "http://127.0.0.1:11434",
    product: "ollama",
    listener: { uid: OWN, program: "ollama" },
    ownUid: OWN,
    ...evidence,
  }).locality;

test("a known product on loopback, ours or the system's, is this device", () => {
  assert.equal(place({}), "device");
  assert.equal(place({ listener: { uid: 998 } }), "device"); // the package's own account
  assert.equal(place({ listener: { uid: 0, program: "docker-proxy" } }), "device");
  assert.equal(place({ baseUrl: "http://localhost:1234/v1", product: "lmstudio" }), "device");
  assert.equal(place({ baseUrl: "http://[::1]:8080/v1", product: "llamacpp" }), "device");
});

test("security: a tunnel on loopback is not this device", () => {
  for (const program of [
    "ssh",
    "sshd: kim@notty",
    "/usr/bin/socat",
    "kubectl",
    "cloudflared",
    "session-manager",
  ]) {
    assert.equal(place({ listener: { uid: OWN, program } }), "unknown", program);
  }
});

test("security: a listener of another ordinary user is not this device", () => {
  assert.equal(place({ listener: { uid: 1001, program: "ollama" } }), "unknown");
});

test("security: a listener that nobody can name is not proved", () => {
  assert.equal(place({ listener: undefined }), "unknown");
});

test("security: a proxy or a server of no known kind is unknown until declared", () => {
  assert.equal(place({ product: "litellm" }), "unknown");
  assert.equal(place({ product: "custom" }), "unknown");
  assert.equal(place({ product: "custom", declared: "device" }), "device");
});

test("security: addresses dressed up as this machine are what they are", () => {
  for (const baseUrl of [
    "http://localhost.evil.example/v1",
    "http://127.0.0.1.nip.io",
    "http://8.8.8.8",
  ]) {
    assert.equal(place({ baseUrl }), "cloud", baseUrl);
  }
  assert.equal(place({ baseUrl: "http://0.0.0.0:11434" }), "unknown");
});

test("the local network and the mesh are told apart", () => {
  assert.equal(place({ baseUrl: "http://192.168.1.5:11434" }), "lan");
  assert.equal(place({ baseUrl: "http://gpu-server-1:11434" }), "lan");
  assert.equal(place({ baseUrl: "http://box.local:11434" }), "lan");
  assert.equal(place({ baseUrl: "http://100.101.102.103:11434" }), "mesh");
  assert.equal(place({ baseUrl: "http://box.tail1234.ts.net" }), "mesh");
  assert.equal(place({ baseUrl: "https://api.example.com/v1" }), "cloud");
});

test("security: a model in the cloud stays there whatever its server is or config declares", () => {
  const server = placeOf({
    baseUrl: "http://127.0.0.1:11434",
    product: "ollama",
    ownUid: OWN,
    declared: "device",
  });

  assert.equal(placeOfModel("cloud", server).locality, "cloud");
  assert.equal(placeOfModel("unknown", server).locality, "device");
});

test("modes reach as far as they say, and unknown counts as cloud", () => {
  assert.ok(allows("device", "embedded") && allows("device", "device"));
  assert.ok(!allows("device", "lan"));
  assert.ok(allows("private", "mesh"));
  assert.ok(!allows("private", "cloud") && !allows("private", "unknown"));
  assert.ok(allows("internet", "unknown"));
});
