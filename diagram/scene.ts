/** A picture before it is written down: shapes at their places, in pixels. */
import type { Font } from './text.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Rect extends Point {
  readonly width: number
  readonly height: number
}

/** What is seen through a box's edge: how it is coloured. */
export type Look =
  | 'page'
  | 'frame'
  | 'network'
  | 'zone'
  | 'public'
  | 'private'
  | 'isolated'
  | 'unplaced'
  | 'card'
  | 'host'
  | 'row'
  | 'ghost'
  | 'gate'
  | 'outside'
  | 'world'
  | 'pill'

/** A head; or a small dot, where it joins another line of its kind. */
export type LineEnd = 'head' | 'join'

export type LineLook = 'connection' | 'endpoint' | 'route' | 'world' | 'call'

export type Ink = 'ink' | 'muted' | 'warn' | 'line-connection' | 'line-endpoint' | 'line-world' | 'line-route'

export type Glyph =
  | 'instance'
  | 'template'
  | 'fleet'
  | 'nat'
  | 'endpoints'
  | 'gateway-endpoint'
  | 'balancer'
  | 'database'
  | 'container'
  | 'function'
  | 'bucket'
  | 'table'
  | 'queue'
  | 'topic'
  | 'key'
  | 'globe'
  | 'gate'

export type Shape =
  | { readonly kind: 'box'; readonly rect: Rect; readonly look: Look; readonly title?: string }
  | { readonly kind: 'text'; readonly at: Point; readonly text: string; readonly font: Font; readonly ink: Ink; readonly middle?: boolean }
  | { readonly kind: 'line'; readonly points: readonly Point[]; readonly look: LineLook; readonly end: LineEnd; readonly dot?: boolean }
  | { readonly kind: 'glyph'; readonly at: Point; readonly glyph: Glyph }
  | { readonly kind: 'stack'; readonly points: readonly Point[] }

export interface Scene {
  readonly width: number
  readonly height: number
  readonly title: string
  readonly told: string
  readonly shapes: readonly Shape[]
}
