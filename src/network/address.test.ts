import assert from "node:assert/strict";
import { test } from "node:test";

import { localityOf, normalizeHost, readAddress } from "./address.ts";

const CLASSES = {
  device: ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1", "::ffff:7f00:1"],
  lan: ["10.0.0.1", "172.31.255.255", "192.168.1.2", "169.254.7.7", "fd12::1", "fe80::1%eth0"],
  mesh: ["100.64.0.1", "100.127.255.254", "fd7a:115c:a1e0::1"],
  public: [
    "8.8.8.8",
    "100.128.0.1",
    "172.32.0.1",
    "203.0.113.9",
    "2606:4700::1111",
    "64:ff9b::808:808",
  ],
  never: [
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "::ffff:0.0.0.0",
    "::7f00:1",
    "224.0.0.1",
    "255.255.255.255",
    "ff02::1",
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd00:c1:0:0::a9fe:a9fe",
    "fd00:42::42",
    "169.254.0.23",
    "169.254.42.42",
    "100.100.100.200",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001::7f00:1",
    "fec0::1",
  ],
} as const;

for (const [expected, addresses] of Object.entries(CLASSES)) {
  test(`readAddress() takes for ${expected}: ${addresses.join(" ")}`, () => {
    for (const address of addresses) {
      assert.equal(readAddress(address)?.class, expected, address);
    }
  });
}

test("readAddress() knows no other spelling than the plain one", () => {
  const spellings = [
    "127.1",
    "0177.0.0.1",
    "0x7f000001",
    "2130706433",
    "127.0.0.1.",
    "localhost",
    "",
  ];
  for (const text of spellings) assert.equal(readAddress(text), undefined, text);
});

test("readAddress() gives every address one spelling", () => {
  assert.equal(readAddress("::ffff:192.168.1.2")?.address, "192.168.1.2");
  assert.equal(readAddress("FD12:0:0::0001")?.address, "fd12::1");
  assert.equal(readAddress("fe80::1%eth0")?.address, "fe80::1%eth0");
});

test("normalizeHost() makes hosts comparable", () => {
  assert.equal(normalizeHost(" Model-Box.LAN. "), "model-box.lan");
  assert.equal(normalizeHost("[::1]"), "::1");
});

test("localityOf() says where an address is, and unknown for what is no place", () => {
  assert.equal(localityOf("127.0.0.1"), "device");
  assert.equal(localityOf("192.168.1.2"), "lan");
  assert.equal(localityOf("100.64.0.1"), "mesh");
  assert.equal(localityOf("1.1.1.1"), "cloud");
  assert.equal(localityOf("0.0.0.0"), "unknown");
  assert.equal(localityOf("model.example"), "unknown");
});
