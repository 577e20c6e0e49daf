/** Whether a model of the config answers; its server is started where the person has approved how. */

import { z } from "zod";

import type { Stage } from "../prove/stage.ts";
import { look, mustBeOk, readStatus, shorten } from "./talk.ts";
import { missed } from "./steps.ts";

const Services = z.object({
  services: z.array(
    z.looseObject({
      id: z.string(),
      hash: z.string().optional(),
      approved: z.boolean().optional(),
    }),
  ),
});

/**
 * Approves what is approved on this machine already, by hash: a bundle brings no approvals. Where no model of the
 * config answers, the demonstration model takes its place, so that the later steps tell what they can; this one fails.
 */
export async function checkModel(
  stage: Stage,
  { approved, limits }: { approved: ReadonlySet<string>; limits: string[] },
  signal: AbortSignal,
): Promise<string> {
  const { text } = await stage.ask("GET", "/api/models/services", undefined, signal);
  const services = Services.safeParse(JSON.parse(text)).data?.services ?? [];
  for (const { id, hash = "" } of services) {
    const path = `/api/models/services/${encodeURIComponent(id)}/approve`;
    if (approved.has(hash)) mustBeOk(path, await stage.ask("POST", path, { hash }, signal));
    else
      limits.push(
        `The server of "${id}" was not started: nobody has approved how, on this machine`,
      );
  }
  const answer = await stage.chat("hello", {}, signal);
  const { model } = await readStatus(stage, signal);
  if (answer.status === 200 && model) {
    mustBeOk("/readyz", await look(stage, "/readyz", signal));
    if (model.ref === DEMONSTRATION)
      limits.push("The demonstration model answered: no other is in the bundle, and it is no help");
    return `${model.ref} answers (${model.locality})`;
  }
  await stage.ask("POST", "/api/models/use", { model: DEMONSTRATION }, signal);
  throw missed(
    `no model of the config answers here: ${answer.status} ${shorten(answer.text)}; the steps below have the demonstration model`,
  );
}

const DEMONSTRATION = "embedded/demo";
