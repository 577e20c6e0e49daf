import type { DocumentFolderReport } from "../../../protocol/documents.ts";
import { describeSize } from "../../amounts.ts";
import { defineCommand } from "../../command.ts";

export const docsList = defineCommand({
  name: "docs list",
  summary: "show the folders of documents that can be searched, and what was left out",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const list = await host.withGateway((client) => client.documents(signal), signal);
    if (options["json"]) {
      terminal.json(list);
      return 0;
    }
    if (list.folders.length === 0) {
      terminal.say("There are none. Add one: isopod docs add DIR");
      return 0;
    }
    terminal.table([
      ["NAME", "DOCUMENTS", "SIZE", "BY MEANING", "STATE", "FOLDER"],
      ...list.folders.map(toRow),
    ]);
    for (const { name, leftOut, leftOutCount } of list.folders) {
      if (leftOutCount === 0) continue;
      terminal.print(`\n${name}: ${leftOutCount} files were left out`);
      for (const { path, why } of leftOut) terminal.print(`  ${path}: ${why}`);
      if (leftOutCount > leftOut.length) terminal.print("  …");
    }
    const { meaning } = list;
    terminal.say(
      "model" in meaning
        ? `\nFound by words, and by meaning with ${meaning.model}.`
        : `\nFound by words alone: ${meaning.why}.`,
    );
    return 0;
  },
});

function toRow(folder: DocumentFolderReport): string[] {
  const { name, path, files, passages, vectors, sizeBytes } = folder;
  const share = passages === 0 ? 0 : Math.floor((100 * vectors) / passages);
  return [name, `${files}`, describeSize(sizeBytes), `${share}%`, stateOf(folder), path];
}

function stateOf({ reading, indexedAt, private: isPrivate }: DocumentFolderReport): string {
  const state = reading ? "being read" : indexedAt === null ? "unfinished" : "whole";
  return isPrivate ? `${state}, private` : state;
}
