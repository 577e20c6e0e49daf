/** An evaluation as people read it. Pure. */

import { both, type Counts, type Evaluation, type Failure } from "./evaluate-cases.ts";

export function toTable(result: Evaluation): string {
  const { groups, tasks, goals, wordsAlone } = result;
  const rows = [...Object.entries(groups), ["all tasks", tasks] as const].map(([name, set]) =>
    line(name, share(set.en), share(set.ko), share(both(set))),
  );
  const outOfScope = both(groups["out of scope"]);
  return [
    result.model,
    "",
    line("", "English", "Korean", "both"),
    ...rows,
    "",
    "out of scope: right is what changed nothing and called none of write, edit, run, remember;",
    `answered with words alone: ${share({ right: wordsAlone, all: outOfScope.all })}`,
    "",
    ...goals.map(toGoal),
    "",
    toSpeed(result),
    "",
  ].join("\n");
}

function toGoal({ name, least, most, count, all, reached }: Evaluation["goals"][number]): string {
  const wanted = least === undefined ? `at most ${most} %` : `at least ${least} %`;
  return `${reached ? "reached" : "MISSED "}  ${name}: ${share({ right: count, all })}, ${wanted}`;
}

function toSpeed({ tokens, seconds, cpuSeconds }: Evaluation): string {
  const [each, cpu] = [perSecond(tokens, seconds), perSecond(tokens, cpuSeconds)];
  return `${each} tokens a second read and written (without tools), ${cpu} for each second of processor time`;
}

const perSecond = (tokens: number, seconds: number): number =>
  seconds > 0 ? Math.round(tokens / seconds) : 0;

const line = (name: string, ...cells: readonly string[]): string =>
  name.padEnd(14) + cells.map((cell) => cell.padStart(20)).join("");

const share = ({ right, all }: Counts): string =>
  all === 0 ? "-" : `${right} of ${all} (${((100 * right) / all).toFixed(1)} %)`;

export function toFailures(failures: readonly Failure[]): string {
  return failures
    .map(({ group, kind, language, prompt, why, calls, text }) =>
      [
        `${group}, ${kind}, ${language}: ${prompt}`,
        `  wrong   ${why}`,
        ...calls.map(
          ({ tool, input, output }) =>
            `  called  ${tool} ${JSON.stringify(input)}: ${JSON.stringify(output)}`,
        ),
        `  said    ${JSON.stringify(text)}`,
        "",
      ].join("\n"),
    )
    .join("\n");
}
