/** Whether a model that is said to see does: a picture of one colour, made here, and which one it is. */

import { crc32, deflateSync } from "node:zlib";

import type { Image } from "../../protocol/message.ts";
import type { Heard } from "./ask.ts";
import type { Verdict } from "./judge.ts";
import type { Session } from "./session.ts";

type Colour = { name: string; red: number; green: number; blue: number };

/** Far apart, and each with one name; to guess two in a row succeeds one time in twelve. */
const COLOURS: readonly Colour[] = [
  { name: "red", red: 230, green: 20, blue: 20 },
  { name: "green", red: 20, green: 170, blue: 40 },
  { name: "blue", red: 20, green: 40, blue: 230 },
  { name: "yellow", red: 250, green: 230, blue: 20 },
];

/** Requests that it takes. */
export const VISION_STEPS = 2;

/** Throws as `Session.ask` does. */
export async function tryVision(
  session: Session,
  seed: number,
  signal: AbortSignal,
): Promise<Verdict> {
  session.tell("whether it sees a picture");
  const seen: { colour: Colour; heard: Heard }[] = [];
  for (let at = 0; at < VISION_STEPS; at++) {
    const colour = COLOURS[(seed + at) % COLOURS.length];
    if (!colour) break;
    const text = "Which colour has this picture? Answer with the one word.";
    const images = [{ mediaType: "image/png", name: "picture.png", data: draw(colour) }] as const;
    const heard = await session.ask({ messages: [{ role: "user", text, images }] }, signal);
    seen.push({ colour, heard });
  }
  return judgeVision(seen.map(({ colour, heard }) => ({ name: colour.name, heard })));
}

/** Pure. One that names all colours has seen none. */
export function judgeVision(seen: readonly { name: string; heard: Heard }[]): Verdict {
  const right = seen.filter(({ name, heard }) => {
    const named = COLOURS.filter((colour) =>
      new RegExp(`\\b${colour.name}\\b`, "i").test(heard.text),
    );
    return named.length === 1 && named[0]?.name === name;
  });
  if (right.length === seen.length) {
    return { result: "passed", detail: "it named the colours of the pictures" };
  }
  const fault = seen.find(({ heard }) => heard.fault)?.heard.fault;
  if (fault) return { result: "failed", detail: `pictures end in a failure: ${fault.message}` };
  const [wrong] = seen.filter((one) => !right.includes(one));
  const said = JSON.stringify(wrong?.heard.text.trim().slice(0, 60) ?? "");
  const detail = `a ${wrong?.name} picture was ${said} to it`;
  return { result: right.length > 0 ? "partly" : "failed", detail };
}

/** Large enough for every encoder, which cut pictures into patches of 14 to 32. */
const SIDE_PIXELS = 224;

/** A PNG of one colour, in base64 (PNG specification, third edition, 5 and 11). */
export function draw({ red, green, blue }: Omit<Colour, "name">): Image["data"] {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE_PIXELS, 0);
  header.writeUInt32BE(SIDE_PIXELS, 4);
  header.set([8, 2], 8); // eight bits a channel, true colour; the rest is 0
  const row = Buffer.from([
    0,
    ...Array.from({ length: SIDE_PIXELS }, () => [red, green, blue]).flat(),
  ]);
  const rows = Buffer.concat(Array.from({ length: SIDE_PIXELS }, () => row));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]).toString("base64");
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(content.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
