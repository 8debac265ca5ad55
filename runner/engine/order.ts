interface Place {
  readonly id: string
  next: Place | undefined
  rank: number
}

/** One order of step ids for all hosts of a batch: each host's ids stand after the one before them. */
export class Order {
  readonly #places = new Map<string, Place>()
  readonly #head: Place = { id: '', next: undefined, rank: 0 }
  #ranked = true

  /** Works a host's ids in, after `before` or at the beginning. What is known already stays where it is. */
  add(ids: readonly string[], before?: string): void {
    let last = this.#places.get(before ?? '') ?? this.#head
    for (const id of ids) {
      let place = this.#places.get(id)
      if (place === undefined) {
        place = { id, next: last.next, rank: 0 }
        last.next = place
        this.#places.set(id, place)
        this.#ranked = false
      }
      last = place
    }
  }

  rank(id: string): number {
    if (!this.#ranked) {
      let rank = 0
      for (let place = this.#head.next; place !== undefined; place = place.next) {
        rank += 1
        place.rank = rank
      }
      this.#ranked = true
    }
    return this.#places.get(id)?.rank ?? 0
  }
}
