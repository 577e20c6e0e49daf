/** What a person finds beside the objects: how to look at a bundle without Isopod. */

import type { Manifest } from "./manifest.ts";
import { objectNames } from "./source.ts";

export function writeReadme(manifest: Manifest): string {
  const { id, createdAt, platform, signer, artefacts, objects } = manifest;
  const program = artefacts.find(({ kind }) => kind === "program");
  const object = objects.find(({ sha256 }) => sha256 === program?.files[0]?.sha256);
  const names = object ? objectNames(object).join(" ") : undefined;
  return `Isopod bundle ${id}
${createdAt}, made on ${platform}

Is it whole?               sha256sum -c SHA256SUMS
Who made it?               minisign -V -m BUNDLE.json -P ${signer}
                           (compare that key with what its maker tells you)
Put it into place:         isopod offline restore THIS_FOLDER --trust KEY
${
  names === undefined
    ? ""
    : `Isopod itself, where there is none:
                           mkdir isopod && cat ${names} | tar -x -C isopod
`
}
온전한지 확인:             sha256sum -c SHA256SUMS
누가 만들었는지 확인:      minisign -V -m BUNDLE.json -P ${signer}
                           (만든 사람이 알려 준 키와 비교하세요)
복원:                      isopod offline restore 이_폴더 --trust 키

${artefacts.map(({ title, kind }) => `- ${kind}: ${title}`).join("\n")}
`;
}
