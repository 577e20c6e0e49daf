/** Fills a phrasing's slots, with the Korean particles that the sound before them asks for. Pure. */

export type Slots = Readonly<Partial<Record<string, string>>>;

/** The form after a vowel, and after a consonant. Phrasings are written with the first. */
const PARTICLES: readonly (readonly [string, string])[] = [
  ["라고", "이라고"],
  ["라는", "이라는"],
  ["랑", "이랑"],
  ["로", "으로"],
  ["를", "을"],
  ["는", "은"],
  ["가", "이"],
  ["와", "과"],
  ["야", "이야"],
];

const SLOT = /\{(\w+)\}(["'`]?)(라고|라는|랑|로|를|는|가|와|야)?/g;

/** Throws where a slot has no filling: a phrasing that is asked half would test nothing. */
export function fill(phrasing: string, slots: Slots): string {
  return phrasing.replaceAll(SLOT, (_, name: string, quote: string, particle?: string) => {
    const text = slots[name];
    if (text === undefined) throw new Error(`Nothing for {${name}} in "${phrasing}"`);
    return `${text}${quote}${particle ? fitting(text, particle) : ""}`;
  });
}

function fitting(text: string, particle: string): string {
  const forms = PARTICLES.find(([form]) => form === particle);
  const end = endOf(text);
  // After ㄹ "로" stays as it is, as after a vowel: 연필로.
  return forms?.[end === "vowel" || (end === "l" && particle === "로") ? 0 : 1] ?? particle;
}

/** How the last letter sounds when it is read out in Korean: "rst" ends as 티, "html" as 엘. */
function endOf(text: string): "vowel" | "l" | "consonant" {
  const last = text.replaceAll(/[^\p{L}\p{N}]+/gu, "").at(-1) ?? "";
  const syllable = last.codePointAt(0) ?? 0;
  if (syllable >= FIRST_SYLLABLE && syllable <= LAST_SYLLABLE) {
    const final = (syllable - FIRST_SYLLABLE) % FINALS;
    return final === 0 ? "vowel" : final === FINAL_L ? "l" : "consonant";
  }
  if (/[lr178]/i.test(last)) return "l"; // 엘, 알, 일, 칠, 팔
  return /[mn036]/i.test(last) ? "consonant" : "vowel"; // 엠, 엔, 영, 삼, 육
}

/** Unicode's block of Hangul syllables: 28 possible ends, of which 0 is none and 8 is ㄹ. */
const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;
const FINALS = 28;
const FINAL_L = 8;
