/**
 * Evaluates the demonstration model through the whole gateway, on prompts whose words, file endings and
 * phrasings were never used in training: `held-out.json`. Ends with 1 where a goal is missed. With --stock
 * the prompts are made of training's own: whoever mends the generator looks at those failures, not at these.
 *
 *     node demo-model/evaluate.ts [--seed 1] [--limit 100] [--group find] [--failures] [--json]
 *     node demo-model/evaluate.ts --stock demo-model/train/stock.json [--failures]
 *     node demo-model/evaluate.ts --provider ollama|llama-server|node-llama-cpp --url URL --model NAME
 */

import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { createCases, spread } from "./evaluation/cases.ts";
import { evaluateCases, type Progress } from "./evaluation/evaluate-cases.ts";
import { type EvaluatedGateway, type Peer, SERVERS, startGateway } from "./evaluation/gateway.ts";
import { readHeldOut, readStock } from "./evaluation/held-out.ts";
import { toFailures, toTable } from "./evaluation/report.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    limit: { type: "string", default: "" },
    group: { type: "string", default: "" },
    stock: { type: "string", default: "" },
    provider: { type: "string", default: "" },
    url: { type: "string", default: "" },
    model: { type: "string", default: "demo" },
    failures: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

const stock = values.stock ? readStock(pathToFileURL(values.stock)) : readHeldOut();
const all = createCases(Number(values.seed), stock, values.group);
const cases = values.limit ? spread(all, Number(values.limit)) : all;
const gateway = await startGateway(toPeer());
try {
  complain(gateway);
  const result = await evaluateCases(gateway, cases, cases.length < all.length, progress());
  const text = values.json ? `${JSON.stringify(result)}\n` : toTable(result);
  process.stdout.write(
    text + (values.failures && !values.json ? `\n${toFailures(result.failures)}` : ""),
  );
  process.exitCode = result.goals.every(({ reached }) => reached) ? 0 : 1;
} finally {
  await gateway.close();
}

function toPeer(): Peer | undefined {
  if (!values.provider) return undefined;
  const server = SERVERS.find((name) => name === values.provider);
  if (!server || !values.url) {
    throw new Error(`--provider is one of ${SERVERS.join(", ")}, and --url says where it is`);
  }
  return { server, url: values.url, model: values.model };
}

/** A figure that was taken from another model, or without a sandbox, would say nothing. */
function complain({ status }: EvaluatedGateway): void {
  if (!status.model) throw new Error(`No model answers: ${JSON.stringify(status.notes)}`);
  if (!status.sandbox.ok) throw new Error(`Commands cannot run: ${status.sandbox.reason}`);
  if (values.provider ? !status.model.ref.startsWith("peer/") : !status.model.demonstration) {
    throw new Error(`${status.model.ref} answers, which is not what is to be evaluated`);
  }
}

/** On a terminal a line that counts up, else one every 50 prompts. */
function progress(): Progress {
  const isTerminal = process.stderr.isTTY;
  return (done, count, wrong) => {
    if (!isTerminal && done % 50 !== 0) return;
    const text = `${done} of ${count}, ${wrong} wrong`;
    process.stderr.write(isTerminal ? `\r${text}${done === count ? "\n" : ""}` : `${text}\n`);
  };
}
