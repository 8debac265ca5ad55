/** Three ways to tell the story: a live list for a terminal, lines for pipes, JSON for programs. */
import { Listr } from 'listr2'
import { transitionLine } from '../transition-line.ts'
import { board } from './board.ts'
import type { Telling } from './story.ts'

export interface EndingTelling extends Telling {
  /** No more will come; with an error, the part under way failed. */
  end(error?: unknown): Promise<void>
}

/** One event a line on stdout; nothing else goes there. */
export const jsonTelling = (): EndingTelling => ({
  part: () => undefined,
  stands: () => undefined,
  transition: (transition) => process.stdout.write(`${JSON.stringify(transition)}\n`),
  end: async () => undefined,
})

/** Plain lines on stderr. */
export const plainTelling = (): EndingTelling => ({
  part: (words) => process.stderr.write(`${words}\n`),
  stands: () => undefined,
  transition: (transition) => process.stderr.write(`${transitionLine(transition)}\n`),
  end: async () => undefined,
})

interface Part {
  show(text: string): void
  close(error?: unknown): void
}

/** A live list: parts that are done, and under the last one how every sample stands. */
export function prettyTelling(): EndingTelling {
  let open: { readonly part: Promise<Part>; readonly over: Promise<void> } | undefined
  let title = ''
  // Parts follow each other; each closes the one before, so that the list only ever grows downwards.
  let turn: Promise<void> = Promise.resolve()
  const close = async (error?: unknown): Promise<void> => {
    const last = open
    open = undefined
    if (last === undefined) return
    ;(await last.part).close(error)
    await last.over
  }
  return {
    part: (words) => {
      turn = turn.then(async () => {
        await close()
        title = words
        open = begin(words)
      })
    },
    stands: (record, expected) => {
      const now = open
      if (now !== undefined) void now.part.then((part) => part.show([title, ...board(record, expected)].join('\n')))
    },
    transition: () => undefined,
    end: async (error) => {
      turn = turn.then(() => close(error))
      await turn
    },
  }
}

/** One item of the list, running until it is closed. */
function begin(title: string): { readonly part: Promise<Part>; readonly over: Promise<void> } {
  const started = Promise.withResolvers<Part>()
  const closed = Promise.withResolvers<void>()
  const list = new Listr(
    {
      title,
      task: (_, item) => {
        const show = (text: string) => {
          item.title = text
        }
        started.resolve({ show, close: (error) => (error === undefined ? closed.resolve() : closed.reject(error)) })
        return closed.promise
      },
    },
    { exitOnError: false, registerSignalListeners: false, rendererOptions: { showErrorMessage: false } },
  )
  const over = list.run().then(
    () => undefined,
    () => undefined,
  )
  return { part: started.promise, over }
}
