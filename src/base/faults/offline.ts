import { entry } from "./entry.ts";

/** What can be wrong with carrying everything to a machine without the internet. */
export const offlineFaults = {
  BUNDLE_NOT_FOUND: entry<{ path: string }>({
    status: 404,
    exit: 2,
    message: ({ path }) => `Cannot find a bundle at "${path}"`,
    fix: () => "Give the folder or the file that `isopod offline bundle` wrote",
  }),
  BUNDLE_UNFINISHED: entry<{ path: string; words: string }>({
    status: 409,
    exit: 1,
    message: ({ path }) => `Cannot use the bundle at "${path}": it was never finished`,
    fix: ({ words }) => `Run \`${words}\` again on the machine that began it`,
  }),
  BUNDLE_EXISTS: entry<{ path: string }>({
    status: 409,
    exit: 2,
    message: ({ path }) => `Cannot write a bundle to "${path}": there is something else already`,
    fix: () => "Give a new name after `--out`",
  }),
  BUNDLE_CORRUPT: entry<{ what: string; detail: string }>({
    status: 422,
    exit: 1,
    message: ({ what, detail }) => `Cannot trust "${what}" of the bundle: ${detail}`,
    fix: () => "Make the bundle again, or copy it again from where it is whole",
  }),
  BUNDLE_UNSAFE: entry<{ what: string; why: string }>({
    status: 422,
    exit: 1,
    message: ({ what, why }) =>
      `Cannot use the bundle: "${printable(`${what}`)}" is not safe, ${why}`,
    fix: () => "Remove it, and find out who made it: Isopod writes no such bundle",
  }),
  BUNDLE_SIGNER_UNKNOWN: entry<{ key: string; path: string }>({
    status: 403,
    exit: 1,
    message: ({ key }) =>
      `Cannot trust the bundle: it is signed with ${key}, which is not known here`,
    fix: ({ key }) =>
      `Check that \`isopod offline bundle\` printed this very key where it was made, then say \`--trust ${key}\``,
  }),
  BUNDLE_PLATFORM: entry<{ made: string; here: string; kinds: readonly string[] }>({
    status: 422,
    exit: 1,
    message: ({ made, here }) =>
      `Cannot use the bundle here: it is for ${made}, and this is ${here}`,
    fix: ({ kinds }) =>
      kinds.length > 0
        ? `Choose what runs anywhere with \`--only ${kinds.join(",")}\`, or make a bundle on a machine like this one`
        : "Make a bundle on a machine like this one",
  }),
  BUNDLE_NO_SPACE: entry<{ folder: string; neededMb: number; freeMb: number }>({
    status: 507,
    exit: 1,
    message: ({ folder, neededMb, freeMb }) =>
      `Cannot write to "${folder}": ${neededMb} MB are needed, and ${freeMb} MB are free`,
    fix: () => "Make room, or take less with `--only`",
  }),
  BUNDLE_CONFLICT: entry<{ path: string; kind: string }>({
    status: 409,
    exit: 2,
    message: ({ path }) => `Cannot put "${path}" into place: there is another one of that name`,
    fix: ({ kind }) =>
      kind === "state"
        ? "Choose a new state folder with ISOPOD_HOME: conversations are laid over no others; or leave them out with `--only`"
        : "Say `--replace` to have it moved aside, or leave it out with `--only`",
  }),
  BUNDLE_PASSPHRASE: entry<{ why: string }>({
    status: 403,
    exit: 2,
    message: ({ why }) => `Cannot open what is sealed in the bundle: ${why}`,
    fix: () => "Give the file with the passphrase after `--decrypt`",
  }),
  BUNDLE_NOTHING: entry<{ kinds: readonly string[] }>({
    status: 422,
    exit: 2,
    message: ({ kinds }) => `Cannot find anything of ${kinds.join(", ")} to take`,
    fix: () => "See what there is with `isopod offline plan`",
  }),
  OFFLINE_MISSING: entry<{ what: readonly string[] }>({
    status: 409,
    exit: 1,
    message: ({ what }) => `Cannot carry what is not here: ${what.join("; ")}`,
    fix: () => "Get it with `isopod offline prepare`, or leave it out with `--only`",
  }),
  OFFLINE_SOURCE: entry<{ path: string; why: string }>({
    status: 422,
    exit: 1,
    message: ({ path, why }) => `Cannot carry "${path}": ${why}`,
    fix: () => "Get it again, or leave it out with `--only`",
  }),
  DRILL_IMPOSSIBLE: entry<{ detail: string }>({
    status: 500,
    exit: 2,
    message: ({ detail }) => `Cannot make a machine without a network: ${detail}`,
    fix: () =>
      "Install iproute2 and util-linux, and run as root or allow user namespaces; where there are none type `isopod offline drill --by-hand`",
  }),
  DRILL_STEP: entry<{ detail: string }>({
    status: 500,
    exit: 1,
    message: ({ detail }) => `Cannot pass a step of the drill: ${printable(`${detail}`, 600)}`,
    fix: () => "Run `isopod offline drill` again once what it says is mended",
  }),
  OFFLINE_PREPARE_MODE: entry<{ mode: string; capped: boolean }>({
    status: 403,
    exit: 2,
    message: ({ mode }) => `Cannot fetch anything in mode ${mode}: it would use the internet`,
    fix: ({ capped }) =>
      capped
        ? "Set `offline` to false in the config, restart, then type `isopod mode set internet`"
        : "Allow it with `isopod mode set internet`, and go back with `isopod mode set private`",
  }),
};

/** A name that came from elsewhere must not drive the terminal. */
const printable = (text: string, letters = 200) =>
  text.replaceAll(/[\p{Cc}\p{Cf}]/gu, "?").slice(0, letters);
