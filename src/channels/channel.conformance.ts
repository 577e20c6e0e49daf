/** What every channel keeps to. A new one runs this with one call. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Fault } from "../base/fault.ts";
import type { MessageAccepted } from "../protocol/api.ts";
import type { Channel, Inbox, IncomingMessage } from "./channel.ts";

export type ChannelUnderTest = {
  channel: Channel;
  /**
   * Writes as a person would, through whatever the channel speaks. Returns whether it was taken, once the
   * channel knows.
   */
  say(message: { person: string; session: string; text: string; key?: string }): Promise<boolean>;
  close(): Promise<void>;
};

export function testChannel(name: string, create: () => Promise<ChannelUnderTest>): void {
  const scenario = (
    title: string,
    run: (under: ChannelUnderTest, box: TestInbox) => Promise<void>,
  ) =>
    test(`${name}: ${title}`, async () => {
      const under = await create();
      try {
        await run(under, createTestInbox());
      } finally {
        await under.channel.stop();
        await under.close();
      }
    });

  scenario("it has an id", async ({ channel }) => {
    assert.match(channel.id, /^[a-z][a-z0-9-]*$/);
  });

  scenario("a message reaches the inbox with its person, session and text", async (under, box) => {
    await under.channel.start(box);
    const text = "line one\nline two 😀 \u202e<b>";
    assert.equal(await under.say({ person: "kim", session: "ses_1", text }), true);
    const [message] = box.taken;
    assert.equal(message?.person, "kim");
    assert.equal(message?.session, "ses_1");
    assert.equal(message?.text, text);
    assert.equal(message?.channel, under.channel.id);
    assert.equal(box.taken.length, 1);
  });

  scenario("nobody watches, so a message is not attended", async (under, box) => {
    await under.channel.start(box);
    await under.say({ person: "kim", session: "ses_1", text: "hello" });
    assert.equal(box.taken[0]?.attended, false);
  });

  scenario("a key is handed on, so that what is sent twice is one message", async (under, box) => {
    await under.channel.start(box);
    const message = { person: "kim", session: "ses_1", text: "hello", key: "0123456789" };
    await under.say(message);
    await under.say(message);
    assert.deepEqual(
      box.taken.map(({ key }) => key),
      ["0123456789", "0123456789"],
    );
  });

  scenario("what the inbox refuses is not taken", async (under, box) => {
    await under.channel.start(box);
    box.refuse = new Fault("NOT_FOUND", { what: "session", id: "ses_2" });
    assert.equal(await under.say({ person: "kim", session: "ses_2", text: "hello" }), false);
  });

  scenario("before it starts and after it stops it takes nothing", async (under, box) => {
    const message = { person: "kim", session: "ses_1", text: "hello" };
    assert.equal(await under.say(message), false);
    await under.channel.start(box);
    assert.equal(await under.say(message), true);
    await under.channel.stop();
    assert.equal(await under.say(message), false);
    assert.equal(box.taken.length, 1);
  });

  scenario("it may be stopped twice, and lets go of the inbox", async (under, box) => {
    await under.channel.start(box);
    await under.channel.stop();
    await under.channel.stop();
    assert.equal(box.watching(), 0);
  });
}

type TestInbox = Inbox & {
  readonly taken: IncomingMessage[];
  refuse: Fault | undefined;
  watching(): number;
};

function createTestInbox(): TestInbox {
  let watching = 0;
  const box: TestInbox = {
    taken: [],
    refuse: undefined,
    watching: () => watching,
    submit: async (message): Promise<MessageAccepted> => {
      if (box.refuse) throw box.refuse;
      box.taken.push(message);
      return { session: message.session, turn: "turn_1", message: `msg_${box.taken.length}` };
    },
    stop: async () => false,
    watch: () => {
      watching += 1;
      return () => void (watching -= 1);
    },
  };
  return box;
}
