import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { createSseParser, readSse } from "./sse.ts";

test("a message is its data lines, under the last id that was named", () => {
  const parser = createSseParser();
  assert.deepEqual(parser.push("id: e:1\ndata: a\ndata: b\n\ndata:c\n\n"), [
    { id: "e:1", data: "a\nb" },
    { id: "e:1", data: "c" },
  ]);
});

test("comments, unknown fields and empty messages say nothing", () => {
  const parser = createSseParser();
  assert.deepEqual(parser.push(": hello\n\nretry: 5\nevent: x\n\n\n"), []);
});

test("all three line ends are understood, and an id with NUL is not taken", () => {
  const parser = createSseParser();
  assert.deepEqual(parser.push("id: a\r\ndata: 1\r\n\r\nid: b\0\rdata: 2\r\rdata: 3\n\n"), [
    { id: "a", data: "1" },
    { id: "a", data: "2" },
    { id: "a", data: "3" },
  ]);
});

test("a stream reads the same however it is cut into pieces", () => {
  const text = "id: e:1\r\ndata: ä한\r\n\r\n: beat\n\nid: e:2\ndata: {}\n\ndata: x\r\rdata: y\n\n";
  const whole = createSseParser().push(text);
  assert.equal(whole.length, 4);
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
      const parser = createSseParser();
      const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      const pieces = places.slice(1).map((end, at) => text.slice(places[at], end));
      assert.deepEqual(
        pieces.flatMap((piece) => parser.push(piece)),
        whole,
      );
    }),
  );
});

test("readSse() decodes characters that are cut in the middle, and hears every piece", async () => {
  const bytes = new TextEncoder().encode("data: 한글\n\n");
  let heard = 0;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const messages = await Array.fromAsync(readSse(body, () => (heard += 1)));
  assert.deepEqual(messages, [{ id: "", data: "한글" }]);
  assert.equal(heard, bytes.length);
});

test("readSse() lets go of the body when its reader leaves early", async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\ndata: 2\n\n")),
    cancel: () => void (isCancelled = true),
  });
  for await (const _ of readSse(body, () => undefined)) break;
  assert.ok(isCancelled);
});
