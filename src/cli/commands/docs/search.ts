import { defineCommand } from "../../command.ts";

export const docsSearch = defineCommand({
  name: "docs search",
  summary: "find passages in your documents, each with its path and line",
  arguments: [["<words...>", "what to look for"]],
  options: [
    ["--limit <number>", "as many at most; 10 without it"],
    ["--json", "print JSON"],
  ],

  async run({ host, args, options, terminal, signal }) {
    const { limit } = options;
    const query = args.join(" ");
    const asked = { query, ...(typeof limit === "string" && { limit: Number(limit) }) };
    const found = await host.withGateway((client) => client.searchDocuments(asked, signal), signal);
    if (options["json"]) terminal.json(found);
    else {
      for (const { document, line, page, text, changed } of found.hits) {
        const more = [page === undefined ? "" : `page ${page}`, changed ? "changed since" : ""];
        const notes = more.filter(Boolean).join(", ");
        terminal.print(`${terminal.bold(`${document}:${line}`)}${notes && ` (${notes})`}`);
        for (const one of text.split("\n")) terminal.print(`  ${one}`);
      }
      if (found.hits.length === 0) terminal.say("Nothing was found. Try other words, or fewer.");
    }
    return found.hits.length > 0 ? 0 : 1;
  },
});
