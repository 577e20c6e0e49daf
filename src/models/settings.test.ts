import assert from "node:assert/strict";
import { test } from "node:test";

import { modelsSetting } from "./settings.ts";

const accepts = (baseUrl: string) =>
  modelsSetting.schema.safeParse({ providers: { a: { baseUrl } } }).success;

test("security: a baseUrl cannot choose what is asked of the server", () => {
  const create = "unix:/var/run/docker.sock:/v1.41/containers/create";
  assert.ok(!accepts(`${create}?name=x&y=`));
  assert.ok(!accepts("http://127.0.0.1:2375/containers/create?x="));
  assert.ok(!accepts("http://127.0.0.1:2375/containers/create#"));
  for (const plain of [
    "http://a/v1",
    "https://u:p@a:1",
    "unix:/run/a.sock",
    "unix:/run/a.sock:/v1",
  ]) {
    assert.ok(accepts(plain), plain);
  }
});
