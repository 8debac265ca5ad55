/** Small pictures of 18 by 18, all of lines. */
import type { Glyph } from './scene.ts'

const circle = (x: number, y: number, r: number): string => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`

/** Each as the path of an SVG. */
export const glyphs: Readonly<Record<Glyph, string>> = {
  instance: 'M2 3h14v5h-14zM2 10h14v5h-14zM5 5.5h.1M5 12.5h.1M9 5.5h4M9 12.5h4',
  template: 'M5 2h11v11h-11zM2 5v11h11M8 7.5h5M10.5 5v5',
  fleet: 'M2 2h6v6h-6zM10 2h6v6h-6zM2 10h6v6h-6zM10 10h6v6h-6z',
  nat: 'M2 6h12M11 3l3 3l-3 3M16 12h-12M7 9l-3 3l3 3',
  endpoints: `${circle(9, 9, 7)}${circle(9, 9, 2.5)}`,
  'gateway-endpoint': `M2 9h4M12 9h4${circle(9, 9, 3)}`,
  balancer: `M2 9h4M6 9l6 -6M6 9l6 6M6 9h6${circle(14, 3, 2)}${circle(14, 9, 2)}${circle(14, 15, 2)}`,
  database: 'M3 4a6 2.5 0 0 1 12 0v10a6 2.5 0 0 1 -12 0zM3 4a6 2.5 0 0 0 12 0M3 9a6 2.5 0 0 0 12 0',
  container: 'M9 1.5l7 3.5v8l-7 3.5l-7 -3.5v-8zM2 5l7 3.5l7 -3.5M9 8.5v8',
  function: 'M4 16l5 -9M5 2h2l6 14h2',
  bucket: 'M2.5 3.5h13l-2 12.5h-9zM3 7h12',
  table: 'M2 3h14v12h-14zM2 7h14M2 11h14M7 3v12',
  queue: 'M2 5h3v8h-3zM7.5 5h3v8h-3zM13 5h3v8h-3z',
  topic: 'M2 7h3l7 -4v12l-7 -4h-3zM5 11v5h2M14.5 6.5a3.5 3.5 0 0 1 0 5',
  key: `${circle(5, 9, 3)}M8 9h8v3M13 9v2.5`,
  globe: `${circle(9, 9, 7)}M2 9h14M9 2a11 11 0 0 1 0 14a11 11 0 0 1 0 -14`,
  gate: `${circle(9, 9, 7)}M9 13v-8M6 8l3 -3l3 3`,
}
