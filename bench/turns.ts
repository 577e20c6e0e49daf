/** A conversation of 20 turns with tool calls: is each request the one before, continued? */

type Body = { messages: unknown[] } & Record<string, unknown>;

/**
 * Prefix-stable means: the head fields are equal, and the earlier `messages` are, element by element and
 * byte for byte, the beginning of the later ones.
 */
export async function measureTurns({
  url,
  key,
  modelUrl,
}: {
  url: string;
  key: string;
  modelUrl: string;
}) {
  await fetch(`${modelUrl}/bodies`, { method: "DELETE" });
  await setPace(modelUrl, { tokens: 8, delayMs: 0, calls: [] });
  for (let turn = 0; turn < 20; turn++) {
    const calls =
      turn % 2 === 0
        ? [
            { name: "write", arguments: { path: `notes-${turn}.txt`, content: `turn ${turn}` } },
            { name: "find", arguments: {} },
          ]
        : [];
    await setPace(modelUrl, { calls });
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "x-isopod-session": "bench-turns",
      },
      body: JSON.stringify({
        model: "isopod/main",
        messages: [{ role: "user", content: `this is message ${turn}` }],
      }),
    });
    if (!response.ok) throw new Error(`turn ${turn} failed: ${await response.text()}`);
  }
  const bodies = await readBodies(modelUrl);
  const pairs = bodies.slice(1).map((body, i) => isPrefix(bodies[i] ?? "", body));
  return {
    stablePercent: (100 * pairs.filter(Boolean).length) / pairs.length,
    requests: bodies.length,
  };
}

function isPrefix(before: string, after: string): boolean {
  const { messages: earlier, ...head } = JSON.parse(before) as Body;
  const { messages: later, ...nextHead } = JSON.parse(after) as Body;
  // Compared as sent: the raw text up to the last message's end, less what closes the list.
  const raw =
    before.slice(0, before.indexOf('"messages":[')) ===
    after.slice(0, after.indexOf('"messages":['));
  const kept = earlier.every((message, i) => JSON.stringify(message) === JSON.stringify(later[i]));
  return raw && kept && JSON.stringify(head) === JSON.stringify(nextHead);
}

const readBodies = async (url: string) => (await (await fetch(`${url}/bodies`)).json()) as string[];

const setPace = (url: string, pace: object) =>
  fetch(`${url}/pace`, { method: "POST", body: JSON.stringify(pace) });
