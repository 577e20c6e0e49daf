import { z } from "zod";

import { defineSetting } from "../protocol/setting.ts";

/** A name or an address as it stands in a Host header, without the port. */
const HostName = z
  .string()
  .toLowerCase()
  .regex(/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/, "must be a name without a port");

const Origin = z
  .string()
  .toLowerCase()
  .regex(/^https?:\/\/[^/?#@\s]+$/, 'must be an origin such as "https://chat.example"');

export const gatewaySettings = defineSetting({
  key: "gateway",
  // A misspelt `bind` or `hosts` would open more, or other things, than its author meant.
  restricts: true,
  schema: z
    .object({
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(18_789)
        .describe("TCP port of the web app and the API; 0 takes any free one"),
      bind: z
        .enum(["loopback", "unix", "lan", "tailnet"])
        .default("loopback")
        .describe(
          'Who can reach it: "loopback" this machine, "unix" only the socket in the state folder; "lan" and "tailnet" need TLS, which is not there yet',
        ),
      token: z
        .string()
        .optional()
        .describe("One more key with every scope, for scripts; better make keys of their own")
        .meta({ examples: ["${MY_GATEWAY_TOKEN}"] }),
      hosts: z
        .array(HostName)
        .default([])
        .describe("Names beside localhost under which it answers, against DNS rebinding"),
      origins: z
        .array(Origin)
        .default([])
        .describe("Addresses beside its own at which browsers see it, such as a TLS proxy's"),
    })
    .prefault({})
    .describe("How people and programs reach the gateway"),
});

export type GatewaySettings = z.infer<(typeof gatewaySettings)["schema"]>;
