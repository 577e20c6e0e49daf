import { entry } from "./entry.ts";

export const cliFaults = {
  USAGE: entry<{ detail: string; command: string }>({
    status: 400,
    exit: 2,
    message: ({ detail }) => `Cannot run this: ${detail}`,
    fix: ({ command }) => `See \`${command} --help\``,
  }),
};
