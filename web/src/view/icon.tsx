/** The page's icons: strokes on a grid of 24, in the colour of the text around them. */

const paths = {
  menu: "M4 7h16M4 12h16M4 17h10",
  plus: "M12 5v14M5 12h14",
  pencil: "M4 20h4L19 9l-4-4L4 16zM13.5 6.5l4 4",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  send: "M12 19V5M6 11l6-6 6 6",
  copy: "M9 9h10v11H9zM5 15V4h10",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M6 6l12 12M18 6L6 18",
  chevron: "M9 6l6 6-6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  warning: "M12 4L2.8 20h18.4zM12 10v4.5M12 17.4v.1",
  chip: "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
  device: "M4 5h16v11H4zM9 20h6M12 16v4",
  private: "M12 3l8 3v6c0 4.5-3.4 7.6-8 9-4.6-1.4-8-4.5-8-9V6z",
  internet: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18",
  box: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  cut: "M6 12h12",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M9 9.5v.1",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** The animal from above: plates across a shell, two feelers in front. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M16 7c4.6 0 8 4 8 9.5S20.6 28 16 28s-8-6-8-11.5S11.4 7 16 7zM8.6 13.3q7.4 3.4 14.8 0M8.2 18.3q7.8 3.4 15.6 0M10 23.2q6 2.6 12 0M13.3 7.4C13 5.4 12 4 9.8 3.4M18.7 7.4c.3-2 1.3-3.4 3.5-4" />
    </svg>
  );
}
