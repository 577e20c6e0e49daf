/**
 * A self-signed certificate around a key of ours (X.509 v3, RFC 5280), written by hand: Node signs, but makes no
 * certificates, and what makes them elsewhere brings a dozen packages. Nobody judges by what stands in it; the
 * other device pins the key. The addresses are there for clients that check a name as well.
 */

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from "node:crypto";

import ipaddr from "ipaddr.js";

export type Identity = { cert: string; key: string };

/** A new key: P-256, which every TLS client of the last ten years knows. PEM (PKCS #8). */
export function createKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** The public key of a key in PEM, as DER (SubjectPublicKeyInfo). */
export const publicKeyOf = (key: string): Buffer =>
  createPublicKey(createPrivateKey(key)).export({ type: "spki", format: "der" });

/** Clocks of machines without a network drift, so it begins a day ago. */
const DAY_MS = 86_400_000;
/** Longer than any run of a gateway: each start makes a new one, and the key stays. */
const LIFE_MS = 825 * DAY_MS;

/** `names` are addresses and host names; the first one is shown as the subject. */
export function createCertificate(key: string, names: readonly string[], now: number): Identity {
  const algorithm = sequence(oid(ECDSA_SHA256));
  const subject = sequence(set(sequence(oid(COMMON_NAME), utf8(names[0] ?? "isopod"))));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40; // positive, and never a byte too short
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    algorithm,
    subject,
    sequence(time(now - DAY_MS), time(now + LIFE_MS)),
    subject,
    publicKeyOf(key),
    tagged(
      3,
      sequence(
        // Not an authority: whoever trusts it trusts this server and nothing it signs.
        extension(BASIC_CONSTRAINTS, sequence(), true),
        extension(EXTENDED_KEY_USAGE, sequence(oid(SERVER_AUTH))),
        extension(SUBJECT_ALT_NAME, sequence(...names.map(altName))),
      ),
    ),
  );
  const signature = bitString(sign("sha256", body, key));
  const der = sequence(body, algorithm, signature);
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  const cert = `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
  return { cert, key };
}

const ECDSA_SHA256 = "1.2.840.10045.4.3.2";
const COMMON_NAME = "2.5.4.3";
const BASIC_CONSTRAINTS = "2.5.29.19";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const SUBJECT_ALT_NAME = "2.5.29.17";

const extension = (id: string, value: Buffer, critical = false) =>
  sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));

function altName(name: string): Buffer {
  if (!ipaddr.isValid(name)) return der(0x82, Buffer.from(name, "latin1"));
  return der(0x87, Buffer.from(ipaddr.process(name).toByteArray()));
}

/* DER (X.690): a tag, a length, and what is in it. */

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body]);
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length]), bytes, body]);
}

const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const set = (...parts: Buffer[]) => der(0x31, ...parts);
const integer = (bytes: Buffer) => der(0x02, bytes);
const utf8 = (text: string) => der(0x0c, Buffer.from(text));
const bitString = (bytes: Buffer) => der(0x03, Buffer.from([0]), bytes);
const tagged = (number: number, value: Buffer) => der(0xa0 | number, value);

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(number: number): number[] {
  const digits = [number & 0x7f];
  for (let left = number >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

/** Two digits of the year until 2049, four from then on. */
function time(at: number): Buffer {
  const text = `${new Date(at).toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}Z`;
  return Number(text.slice(0, 4)) < 2050
    ? der(0x17, Buffer.from(text.slice(2)))
    : der(0x18, Buffer.from(text));
}
