import type { Order } from './order.ts'

interface Waiting {
  readonly id: string
  readonly go: () => void
}

/**
 * Where hosts that go together wait for each other. When all of them have arrived, those go on that are furthest behind in the common
 * order, and the others wait on.
 */
export class Gate<Member> {
  readonly #order: Order
  /** In the order of the inventory; undefined: under way. */
  readonly #members: Map<Member, Waiting | undefined>
  #underWay: number

  constructor(order: Order, members: readonly Member[]) {
    this.#order = order
    this.#members = new Map(members.map((member) => [member, undefined]))
    this.#underWay = members.length
  }

  /** Waits for the turn of `id`; what `enter` begins is begun in the order of the members, whoever arrived first. */
  arrive<T>(member: Member, id: string, enter: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      this.#members.set(member, { id, go: () => resolve(enter()) })
      this.#underWay -= 1
      this.#release()
    })
  }

  /** This member, which is under way, comes no more. */
  leave(member: Member): void {
    if (this.#members.delete(member)) this.#underWay -= 1
    this.#release()
  }

  #release(): void {
    if (this.#underWay > 0) return
    const waiting = [...this.#members].flatMap(([member, waits]) => (waits === undefined ? [] : [{ member, ...waits }]))
    const lowest = waiting.reduce((least, { id }) => Math.min(least, this.#order.rank(id)), Number.POSITIVE_INFINITY)
    const next = waiting.filter(({ id }) => this.#order.rank(id) === lowest)
    this.#underWay = next.length
    for (const { member } of next) this.#members.set(member, undefined)
    for (const { go } of next) go()
  }
}
