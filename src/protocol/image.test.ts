import assert from "node:assert/strict";
import { test } from "node:test";

import { MessageCreate } from "./api.ts";
import { ImageCreate, Images, MAX_IMAGE_BYTES, MAX_IMAGES } from "./image.ts";

/** One red pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

const of = (bytes: readonly number[]) =>
  Buffer.concat([Buffer.from(bytes), Buffer.alloc(30)]).toString("base64");

test("an image is what its bytes say, whatever it says it is", () => {
  assert.deepEqual(ImageCreate.parse({ data: PNG, mediaType: "image/gif" }), {
    mediaType: "image/png",
    name: "image",
    data: PNG,
  });
  const typeOf = (bytes: readonly number[]) => ImageCreate.parse({ data: of(bytes) }).mediaType;
  assert.equal(typeOf([0xff, 0xd8, 0xff, 0xe0]), "image/jpeg");
  assert.equal(typeOf([...Buffer.from("GIF89a")]), "image/gif");
  assert.equal(typeOf([...Buffer.from("RIFF\0\0\0\0WEBPVP8 ")]), "image/webp");
});

test("security: what is no image of a known kind is not taken under an image's name", () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');
  const html = Buffer.from("<!doctype html><script>alert(1)</script>");
  for (const bytes of [svg, html, Buffer.from("RIFF\0\0\0\0WAVE"), Buffer.alloc(0)]) {
    const { success } = ImageCreate.safeParse({
      data: bytes.toString("base64"),
      mediaType: "image/png",
    });
    assert.equal(success, false, bytes.toString());
  }
});

test("what is not base64 through and through is refused", () => {
  for (const data of [
    "",
    "a",
    `${PNG}\n`,
    PNG.slice(0, -1),
    `${PNG}"`,
    PNG.replace("+", "-") + "_",
  ]) {
    assert.equal(ImageCreate.safeParse({ data }).success, false, JSON.stringify(data));
  }
});

test("limits hold for one image, for their number and for all together", () => {
  const big = (bytes: number) => of([0xff, 0xd8, 0xff, ...Array<number>(bytes).fill(0)]);
  assert.match(
    ImageCreate.safeParse({ data: big(MAX_IMAGE_BYTES) }).error?.issues[0]?.message ?? "",
    /at most 5 MiB/,
  );
  const many = Array.from({ length: MAX_IMAGES + 1 }, () => ({ data: PNG }));
  assert.match(Images.safeParse(many).error?.issues[0]?.message ?? "", /at most 8 images/);
  const large = big(4.5 * 1024 * 1024);
  const heavy = Array.from({ length: 4 }, () => ({ data: large }));
  assert.match(Images.safeParse(heavy).error?.issues[0]?.message ?? "", /at most 16 MiB together/);
});

test("a name is a file's name, without where it lay", () => {
  const nameOf = (name: string) => ImageCreate.parse({ data: PNG, name }).name;
  assert.equal(nameOf("/home/kim/cat.png"), "cat.png");
  assert.equal(nameOf("C:\\Users\\kim\\cat.png"), "cat.png");
  assert.equal(nameOf(" "), "image");
});

test("a message says something or shows something", () => {
  assert.equal(MessageCreate.safeParse({ text: "", images: [{ data: PNG }] }).success, true);
  assert.equal(MessageCreate.safeParse({ text: "" }).success, false);
  assert.equal(MessageCreate.safeParse({ images: [] }).success, false);
});
