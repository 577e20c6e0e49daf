import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openTestGateway, type TestGateway } from "../../../test/fakes/gateway.ts";

let gateway: TestGateway;
before(async () => {
  gateway = await openTestGateway();
});
after(() => gateway.close());

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

const create = async () =>
  (await gateway.call("POST", "/api/sessions", { body: {} })).json.id as string;
const post = (session: string, body: object) =>
  gateway.call("POST", `/api/sessions/${session}/messages`, { body });
const fetchImage = (path: string, as = gateway.keys.kim) =>
  fetch(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${as}` } });

async function showOne() {
  const session = await create();
  const images = [{ name: "../red.png", data: PIXEL }];
  const { status, json } = await post(session, { text: "What is it?", images });
  assert.equal(status, 202, JSON.stringify(json));
  return { session, message: json.message as string };
}

test("an image is stored with its message, listed by name, and served as it was sent", async () => {
  const { session, message } = await showOne();
  const { messages } = (await gateway.call("GET", `/api/sessions/${session}`)).json;
  assert.deepEqual(messages[0].images, [{ name: "red.png", mediaType: "image/png" }]);
  assert.ok(!JSON.stringify(messages).includes(PIXEL), "its bytes are not in the listing");

  const answer = await fetchImage(`/api/sessions/${session}/messages/${message}/images/0`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "image/png");
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  assert.match(answer.headers.get("content-security-policy") ?? "", /script-src 'self'/);
  assert.equal(Buffer.from(await answer.arrayBuffer()).toString("base64"), PIXEL);
});

test("security: somebody else's image does not exist, nor one without a key", async () => {
  const { session, message } = await showOne();
  const path = `/api/sessions/${session}/messages/${message}/images/0`;
  assert.equal((await fetchImage(path, gateway.keys.lee)).status, 404);
  assert.equal((await fetch(`${gateway.url}${path}`)).status, 401);
});

test("what is not there is not found: another number, message or session", async () => {
  const { session, message } = await showOne();
  const other = await create();
  for (const path of [
    `/api/sessions/${other}/messages/${message}/images/0`,
    `/api/sessions/${session}/messages/${message}/images/1`,
    `/api/sessions/${session}/messages/${message}/images/-1`,
    `/api/sessions/${session}/messages/${message}/images/constructor`,
    `/api/sessions/${session}/messages/msg_other/images/0`,
    `/api/sessions/ses_other/messages/${message}/images/0`,
  ]) {
    assert.equal((await fetchImage(path)).status, 404, path);
  }
});

test("an image goes with its session", async () => {
  const { session, message } = await showOne();
  await gateway.call("DELETE", `/api/sessions/${session}`);
  const path = `/api/sessions/${session}/messages/${message}/images/0`;
  assert.equal((await fetchImage(path)).status, 404);
});

test("what is no image is refused by its field, and a message of images alone is taken", async () => {
  const session = await create();
  const html = Buffer.from("<script>alert(1)</script>").toString("base64");
  const refused = await post(session, { text: "x", images: [{ data: html }] });
  assert.equal(refused.status, 400);
  assert.match(refused.json.error.message, /images\.0\.data/);
  assert.equal((await post(session, { images: [{ data: PIXEL }] })).status, 202);
  assert.equal((await post(session, { text: "" })).status, 400);
});
